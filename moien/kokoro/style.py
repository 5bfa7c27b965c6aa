"""Styles and voice packs: the two halves of a style, and the row of a pack for a sentence.

A style is 256 numbers: the acoustic half goes to the decoder, the prosodic half to the predictor. A voice pack
`[510, 1, 256]` has one style for each sentence length.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

Pack = TypeVar("Pack", "Tensor", "np.ndarray")

HALF = 128
STYLE_DIM = 2 * HALF
DURATION_BINS = 50  # logits of the duration head for each token: no token lasts longer, in frames


def acoustic(style: Tensor) -> Tensor:
    """The half for the decoder, `[…, 256]` → `[…, 128]`."""
    return style[..., :HALF]


def prosodic(style: Tensor) -> Tensor:
    """The half for the predictor of durations, F0 and energy, `[…, 256]` → `[…, 128]`."""
    return style[..., HALF:]


def pack_row(pack: Pack, tokens: int) -> Pack:
    """The style `[1, 256]` for a sentence of so many tokens, BOS and EOS included: row n − 1 for n phonemes."""
    return pack[max(tokens - 3, 0)]
