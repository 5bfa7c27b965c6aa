"""UTMOS (Saeki et al. 2022, the strong learner of VoiceMOS 2022): a second predicted opinion, on synthetic speech.

Unit: predicted mean opinion score, 1..5. Direction: higher is better. Domain: English voices of challenges up to 2020;
saturates for good ones. NaN unless `score.utmos` names where it comes from: its weights and its code are on no package
index, so it is opened as torch.hub does, from a repository at a commit or from a folder with a `hubconf.py` in it.
**That runs the repository's code**: hence off by default, and never a branch.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from moien.errors import WrongCall, WrongData
from moien.score.metric import Metric

if TYPE_CHECKING:
    from moien.score.clip import Pair

ENTRY = (
    "utmos22_strong"  # what tarepan/SpeechMOS calls it: a function of samples [B, N] and their rate, to [B]
)


@lru_cache(maxsize=1)
def open_utmos(source: str) -> Any:
    """The predictor of a folder or of `OWNER/NAME@COMMIT`, loaded once in a process.

    Raises:
        WrongCall: neither a folder nor a name with its commit. WrongData: it cannot be loaded.
    """
    import torch

    name, _, commit = source.partition("@")
    local = Path(source).is_dir()
    if not (local or (name.count("/") == 1 and commit)):
        raise WrongCall(f"score.utmos: {source!r} is neither a folder nor a repository with its commit",
                        remedy="write tarepan/SpeechMOS@COMMIT, or a folder with its hubconf.py")  # fmt: skip
    where, kind = (source, "local") if local else (f"{name}:{commit}", "github")
    try:
        predictor = torch.hub.load(
            where, ENTRY, source=kind, trust_repo=True, skip_validation=True, verbose=False
        )
    except (OSError, RuntimeError, ImportError) as error:
        raise WrongData(f"UTMOS cannot be loaded from {source}: {error}",
                        remedy="name a local folder, or leave score.utmos empty") from None  # fmt: skip
    return predictor.eval()


def utmos(pair: Pair) -> float:
    """UTMOS of the spoken clip."""
    if not pair.utmos:
        return float("nan")
    import torch

    with torch.inference_mode():
        return float(open_utmos(pair.utmos)(torch.from_numpy(pair.spoken.at_16k)[None], 16_000))


METRIC = Metric("utmos", "opinion", "UTMOS", "MOS 1–5", "high", 2,
                "predicted opinion; trained on synthetic voices", utmos)  # fmt: skip
