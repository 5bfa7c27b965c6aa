"""The files of a voice for each program that speaks with Kokoro; `pack.targets` names the programs.

All of them but the package `kokoro` run `onnx/model.onnx`; `kokoro-onnx` and Moien itself take the packs beside it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from moien.export import packs, tokenizer
from moien.export.lexicon import write_lexicon
from moien.export.settings import Target
from moien.text import Frontend

MODEL_TYPE = "style_text_to_speech_2"  # by which transformers.js knows the architecture


def write_targets(folder: Path, targets: Sequence[Target], frontend: Frontend) -> None:
    """Add what `targets` need to a voice folder with model.pth, config.json and voices/*.pt."""
    from moien.kokoro.base import Base, load_pack

    found = {name: load_pack(path).numpy() for name, path in Base(folder).voices.items()}
    if targets:
        (folder / "onnx").mkdir()
        _write_model(folder, list(found), frontend.language)
        packs.write_npz(found, folder / "onnx" / "voices.bin")
    if "sherpa-onnx" in targets:
        _write_sherpa(found, frontend, folder / "sherpa-onnx")
    if "transformers.js" in targets:
        for name, pack in found.items():
            packs.write_raw(pack, folder / "voices" / f"{name}.bin")
        tokenizer.write_transformers(folder)


def write_config(kokoro: Path, path: Path) -> None:
    """Kokoro's config.json, with the key that transformers.js needs."""
    config = {"model_type": MODEL_TYPE} | json.loads(kokoro.read_text(encoding="utf-8"))
    path.write_text(json.dumps(config, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _write_model(folder: Path, speakers: Sequence[str], language: str) -> None:
    import onnx

    from moien.export.onnx_model import metadata, onnx_model
    from moien.kokoro.base import load_model
    from moien.kokoro.forward import fold_weight_norm

    config = folder / "config.json"
    exported = onnx_model(
        fold_weight_norm(load_model(folder / "model.pth", config)),
        metadata(speakers, language, config.read_text(encoding="utf-8")),
    )
    onnx.save(exported, folder / "onnx" / "model.onnx")


def _write_sherpa(found: Mapping[str, np.ndarray], frontend: Frontend, folder: Path) -> None:
    folder.mkdir()
    packs.write_sherpa(found, folder / "voices.bin")
    tokenizer.write_tokens(folder / "tokens.txt")
    write_lexicon(frontend, folder / "lexicon.txt")
