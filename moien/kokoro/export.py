"""Weights and voice packs in Kokoro's own formats; stock `kokoro` loads all tensors of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from moien.errors import WrongData
from moien.kokoro.style import STYLE_DIM
from moien.kokoro.symbols import MAX_PHONEMES

if TYPE_CHECKING:
    from kokoro import KModel

PARTS = ("bert", "bert_encoder", "predictor", "decoder", "text_encoder")
PREFIX = "module."  # the original was trained in DataParallel; `kokoro` 0.9.4 always removes seven characters
# AdaIN's instance norm has a scale of 1 and a shift of 0 only for an exporter; no weight file has them.
ADAIN_NORM = re.compile(r"\.norm\.(weight|bias)$")


def save_weights(model: KModel, path: Path) -> None:
    """Write `model` as Kokoro's .pth: five parts, keys with `module.`, convolutions as weight_g and weight_v.

    The same weights give the same bytes. WrongData if an AdaIN norm was trained, which the format cannot
    hold, or if a value is not finite.
    """
    parts: dict[str, dict[str, torch.Tensor]] = {part: {} for part in PARTS}
    for name, tensor in model.state_dict().items():
        part, _, key = name.partition(".")
        if ADAIN_NORM.search(name):
            if not torch.all(tensor == (1 if name.endswith("weight") else 0)):
                raise WrongData(f"{name} was trained", where=path, remedy="keep the AdaIN norms at 1 and 0")
            continue
        if not torch.isfinite(tensor).all():
            raise WrongData(
                f"{name} is not finite", where=path, remedy="training diverged: lower the learning rate"
            )
        parts[part][PREFIX + key] = tensor.detach().cpu().contiguous().clone()
    with path.open("wb") as file:  # given a path, torch would write the file's name into the file
        torch.save(parts, file)


def save_pack(pack: torch.Tensor, path: Path) -> None:
    """Write a voice pack, float32 [510, 1, 256], as the .pt that `kokoro` opens."""
    check_pack(pack, path)
    with path.open("wb") as file:
        torch.save(pack.detach().cpu().contiguous().clone(), file)


def check_pack(pack: object, where: Path) -> torch.Tensor:
    """The pack itself if it is finite float32 [510, 1, 256], else WrongData."""
    expected = (MAX_PHONEMES, 1, STYLE_DIM)
    if not isinstance(pack, torch.Tensor) or tuple(pack.shape) != expected or pack.dtype != torch.float32:
        found = f"{pack.dtype} {list(pack.shape)}" if isinstance(pack, torch.Tensor) else type(pack).__name__
        raise WrongData(f"not a voice pack: {found}, expected float32 {list(expected)}", where=where)
    if not torch.isfinite(pack).all():
        raise WrongData("the voice pack has values that are not finite", where=where)
    return pack
