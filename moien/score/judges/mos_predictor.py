"""UTMOS (Saeki et al. 2022, the strong learner of VoiceMOS 2022).

Its weights and its code are on no package index, so it is opened as torch.hub does, from a repository at a commit or
from a folder with a `hubconf.py` in it. **That runs the repository's code**: hence off by default, and never a branch.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from moien.errors import WrongCall, WrongData

ENTRY = "utmos22_strong"  # the name in tarepan/SpeechMOS: a function of samples [B, N] and their rate, to [B]


@lru_cache(maxsize=1)
def open_utmos(source: str, device: str = "cpu") -> Any:
    """The predictor of a folder or of `OWNER/NAME@COMMIT`, opened once in a process.

    Raises:
        WrongCall: neither a folder nor a name with its commit. WrongData: it cannot be loaded.
    """
    name, _, commit = source.partition("@")
    local = Path(source).is_dir()
    if not (local or (name.count("/") == 1 and commit)):
        raise WrongCall(
            f"score.utmos: {source!r} is neither a folder nor a repository with its commit",
            remedy="write tarepan/SpeechMOS@COMMIT, or a folder with its hubconf.py",
        )
    where, kind = (source, "local") if local else (f"{name}:{commit}", "github")
    try:
        predictor = torch.hub.load(
            where, ENTRY, source=kind, trust_repo=True, skip_validation=True, verbose=False
        )
    except (OSError, RuntimeError, ImportError) as error:
        raise WrongData(
            f"UTMOS cannot be loaded from {source}: {error}",
            remedy="name a local folder, or leave score.utmos empty",
        ) from None
    return predictor.eval().to(device)
