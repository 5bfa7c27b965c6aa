"""Scores and recognisers that were made before, kept by a digest of all that they depend on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

import moien
from moien.audio import read_audio, read_header, resample
from moien.corpus.datadir import read_datadir
from moien.evenly import every_nth
from moien.fetch import cache_dir
from moien.files import sha256_file, written_whole
from moien.score.judges import Judges
from moien.score.speakers import Centroids
from moien.text import read_phonemes

# What computes a score: of Moien by its source, of the packages that hold models by their version.
SOURCES = (
    "score/**/*.py",
    "align/lda.py",
    "align/tokens.py",
    "audio.py",
    "distillmos.py",
    "edits.py",
    "evenly.py",
    "features/f0.py",
    "kokoro/symbols.py",
    "style/embed.py",
)
RECOGNISER = (
    "score/judges/recogniser.py",
    "score/judges/augment.py",
    "score/judges/aligner.py",
    "score/phones.py",
    "align/lda.py",
    "align/tokens.py",
    "audio.py",
    "edits.py",
    "evenly.py",
    "kokoro/symbols.py",
)
MOST_SECONDS = 3600.0  # of speech for the training of a recogniser: more hardly helps
PACKAGES = (
    "torch",
    "distillmos",
    "speechmos",
    "resemblyzer",
    "pyworld-prebuilt",
    "librosa",
    "soxr",
    "transformers",
    "jiwer",
)


SCORING = (*PACKAGES, "onnxruntime", "torchaudio")  # the recogniser's files keep their names


@lru_cache(maxsize=2)
def _code(sources: tuple[str, ...] = SOURCES, packages: tuple[str, ...] = SCORING) -> str:
    root = Path(moien.__file__).parent
    digests = [sha256_file(path) for pattern in sources for path in sorted(root.glob(pattern))]
    return " ".join(digests + [version(package) for package in packages])


def key(natural: Path, spoken: Path, centroids: Centroids, phonemes: str, text: str, judges: Judges) -> str:
    """What the scores of a clip depend on, as one digest."""
    vectors = (part for name in sorted(centroids) for part in (name, _digest_of(centroids[name])))
    files = (sha256_file(natural), sha256_file(spoken))
    return _digest([_code(), *files, *judges.key(), phonemes, text, *vectors])


def _digest_of(vector: np.ndarray) -> str:
    return hashlib.sha256(vector.tobytes()).hexdigest()


def _digest(parts: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _file(digest: str) -> Path:
    return cache_dir() / "scores" / digest[:2] / f"{digest}.json"


def get(digest: str) -> dict[str, Any] | None:
    """What `put` kept under this digest, or None."""
    try:
        return json.loads(_file(digest).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def put(digest: str, facts: dict[str, Any]) -> None:
    """Keep `facts`; a process that is killed leaves no half file."""
    with written_whole(_file(digest)) as part:
        part.write_text(json.dumps(facts, allow_nan=True), encoding="utf-8")


def recogniser(data: Path, g2p: Path, seed: int, device: str = "cpu") -> Path:
    """The file of a phone recogniser of the train split, trained unless one was before.

    Args:
        data, g2p: outputs of stages 1 and 2; an utterance without phonemes is left out.
    """
    phonemes = {id: found.phonemes for id, found in read_phonemes(g2p / "train.jsonl").items()}
    ours = [utterance for utterance in read_datadir(data / "train") if phonemes.get(utterance.id)]
    ours = every_nth(ours, sum(read_header(utterance.audio).seconds for utterance in ours), MOST_SECONDS)
    contents = [part for u in ours for part in (sha256_file(u.audio), phonemes[u.id])]
    speech = ((resample(*read_audio(u.audio)), phonemes[u.id]) for u in ours)
    return trained(contents, speech, seed, device)


def trained(
    contents: Sequence[str], speech: Iterable[tuple[np.ndarray, str]], seed: int, device: str = "cpu"
) -> Path:
    """The file of a phone recogniser of this speech (samples at 24 kHz, phonemes), trained unless one was before.

    `contents` is what the speech follows from: it names the file.
    """
    digest = _digest([_code(RECOGNISER, PACKAGES), str(seed), device, *contents])
    target = cache_dir() / "recognisers" / f"{digest}.safetensors"
    if not target.is_file():
        from moien.score.judges.recogniser import train_recogniser

        train_recogniser(speech, target, seed, device=device)
    return target
