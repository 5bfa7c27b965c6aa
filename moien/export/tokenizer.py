"""Kokoro's vocabulary as the tokeniser files of transformers.js and sherpa-onnx. All of them read phonemes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from moien.kokoro.symbols import BOUNDARY, MAX_PHONEMES, VOCAB

PAD = "$"  # no symbol of Kokoro's; its token is the boundary


def write_tokens(path: Path) -> None:
    """sherpa-onnx's tokens.txt: a line `SYMBOL TOKEN` for each symbol."""
    rows = [f"{symbol} {token}\n" for symbol, token in sorted(VOCAB.items(), key=lambda item: item[1])]
    path.write_text("".join(rows), encoding="utf-8")


def write_transformers(folder: Path) -> None:
    """tokenizer.json and tokenizer_config.json of transformers.js, which takes each character for a token."""
    known = "".join(VOCAB)  # none of them has a meaning inside of brackets
    boundary = {"SpecialToken": {"id": PAD, "type_id": 0}}
    first, second = ({"Sequence": {"id": text, "type_id": 0}} for text in "AB")
    tokenizer: dict[str, Any] = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": {"type": "Replace", "pattern": {"Regex": f"[^{known}]"}, "content": ""},
        "pre_tokenizer": {
            "type": "Split",
            "pattern": {"Regex": ""},
            "behavior": "Isolated",
            "invert": False,
        },
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [boundary, first, boundary],
            "pair": [boundary, first, second, boundary],
            "special_tokens": {PAD: {"id": PAD, "ids": [BOUNDARY], "tokens": [PAD]}},
        },
        "decoder": None,
        "model": {"type": "WordLevel", "vocab": {PAD: BOUNDARY, **VOCAB}, "unk_token": PAD},
    }
    config = {
        "tokenizer_class": "PreTrainedTokenizer",
        "model_max_length": MAX_PHONEMES + 2,
        "pad_token": PAD,
        "unk_token": PAD,
    }
    for name, content in (("tokenizer.json", tokenizer), ("tokenizer_config.json", config)):
        text = json.dumps(content, ensure_ascii=False, indent=2) + "\n"
        (folder / name).write_text(text, encoding="utf-8")
