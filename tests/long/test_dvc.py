"""The graph of DVC on a small recipe in a clone: what runs again, what is taken over, what another clone pulls."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from micro import MICRO

from moien.recipe.settings import ROOT
from moien.recipe.stages import STAGES

NAMES = [stage.name for stage in STAGES if stage.output]
DVC = Path(sys.executable).with_name("dvc")


class Clone:
    """A clone of this checkout whose params.yaml names the recipe `micro` only."""

    def __init__(self, folder: Path, of: Path = ROOT) -> None:
        self.folder = folder
        subprocess.run(["git", "clone", "-q", "--no-hardlinks", str(of), str(folder)], check=True)
        for key, value in (("name", "test"), ("email", "test@localhost")):
            self.run("git", "config", f"user.{key}", value)

    def run(self, *command: object) -> str:
        """A command in the clone; what it prints."""
        words = [str(word) for word in command]
        environment = os.environ | {"MOIEN_PYTHON": sys.executable, "MOIEN_MIRROR": ""}
        done = subprocess.run(words, cwd=self.folder, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout

    def dvc(self, *arguments: object) -> str:
        """A command of dvc."""
        return self.run(DVC, *arguments)

    def repro(self, *arguments: str) -> list[str]:
        """The stages that `dvc repro` runs, without the one that looks at the settings each time."""
        ran = re.findall(r"Running stage '(\w+)@micro'", self.dvc("repro", *arguments))
        return [name for name in ran if name != "provenance"]

    def edit(self, file: str, before: str, after: str) -> None:
        """Replace text that is there."""
        text = (self.folder / file).read_text()
        assert before in text
        (self.folder / file).write_text(text.replace(before, after))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A clone in which `dvc repro` made the recipe."""
    clone = Clone(tmp_path_factory.mktemp("dvc") / "clone")
    recipe = clone.folder / "recipes" / "micro"
    recipe.mkdir()
    sentences = (ROOT / "recipes" / "mini" / "sentences.txt").read_text(encoding="utf-8").splitlines()
    texts = [line for line in sentences if line and not line.startswith("#")]
    (recipe / "sentences.txt").write_text("\n".join(sorted(texts, key=len)[:14]) + "\n", encoding="utf-8")
    (recipe / "eval.txt").write_text("Moien, wéi geet et dir?\n", encoding="utf-8")
    settings = MICRO.replace("SENTENCES", "recipes/micro/sentences.txt").replace("BASE", "{source: pypi}")
    (recipe / "params.yaml").write_text(settings, encoding="utf-8")
    (clone.folder / "params.yaml").write_text("recipes:\n  micro: {}\n")
    clone.edit("dvc.yaml", "exp/mini/", "exp/micro/")
    assert clone.repro() == NAMES
    clone.run("git", "add", "-A")
    clone.run("git", "commit", "-qm", "micro")
    return clone


def test_a_second_time_nothing_runs(made: Clone) -> None:
    assert made.repro() == []


@pytest.mark.parametrize(
    ("file", "before", "after", "again"),
    [
        ("recipes/micro/params.yaml", "prosody: {steps: 3,", "prosody: {steps: 3, lr: 2e-4,", NAMES[5:]),
        ("recipes/micro/params.yaml", "threads: 1, nj: 1", "threads: 1, nj: 2", []),
        ("moien/recipe/versions.py", '"score": ', '"score": 1', ["score", "pack"]),
    ],
    ids=["learning rate", "system", "method"],
)
def test_a_change_runs_again_what_it_decides_about(
    made: Clone, file: str, before: str, after: str, again: list[str]
) -> None:
    made.edit(file, before, after)
    try:
        assert made.repro() == again
    finally:
        made.run("git", "checkout", "-q", ".")
        made.dvc("checkout", "-q", "--force")


def test_a_run_of_run_sh_is_taken_over(made: Clone) -> None:
    check = ("make", "-o", "setup", "lock-check", f"PY={sys.executable}")
    assert "9 stages agree" in made.run(*check)
    made.run("./run.sh", "--recipe", "micro", "--set", "seed=7")
    with pytest.raises(AssertionError, match=r"train@micro: settings.seed is 20 in the lock, 7"):
        made.run(*check)
    made.edit("recipes/micro/params.yaml", "language: lb", "language: lb\nseed: 7")
    try:
        made.run("make", "-o", "setup", "adopt", "RECIPE=micro", f"DVC={DVC}")
        assert "9 stages agree" in made.run(*check)
        assert made.repro() == []
    finally:
        made.run("git", "checkout", "-q", ".")
        made.dvc("checkout", "-q", "--force")


def test_metrics_plots_and_experiments(made: Clone) -> None:
    shown = made.dvc("metrics", "show", "--json")
    assert '"similarity"' in shown
    assert made.dvc("plots", "show", "-o", made.folder / "exp" / "plots")
    made.dvc("exp", "run", "-S", "recipes/micro/params.yaml:train.acoustic.lr=2e-4", "-n", "faster")
    assert "faster" in made.dvc("exp", "show", "--csv")
    assert "similarity" in made.dvc("metrics", "diff", "HEAD")


def test_another_clone_pulls_and_has_nothing_to_run(made: Clone, tmp_path: Path) -> None:
    made.run("git", "checkout", "-q", ".")
    made.dvc("checkout", "-q", "--force")
    made.dvc("remote", "add", "-d", "store", tmp_path / "store")
    made.run("git", "commit", "-qam", "remote")
    made.dvc("push", "-q")
    other = Clone(tmp_path / "other", of=made.folder)
    other.dvc("pull", "-q")
    assert other.repro() == []
