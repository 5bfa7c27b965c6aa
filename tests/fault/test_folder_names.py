"""Folders of any name: what a shell, YAML or Kaldi's tables would read as something else."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
from made_up import call, ljspeech_corpus

from moien.commands.clone_style import clone_style
from moien.corpus.datadir import read_datadir
from moien.errors import WrongData
from moien.recipe import runner
from moien.recipe.stages import BY_NAME

data = importlib.import_module("steps.data")
NAMES = [
    "a b\N{NO-BREAK SPACE}c 'd' \"e\" f\\g\\n #h: {i} [j] k, *l &m !n %o $p ~",
    "\N{NO-BREAK SPACE}Stimme e\u0301 \N{GRINNING FACE}\u2028\N{NO-BREAK SPACE}",
    "- 'no' ",
    "007",
]


class Done(Exception):
    """Stage 1 has run."""


@pytest.mark.parametrize("name", NAMES)
def test_clone_style_reads_and_writes_folders_of_any_name(name, tmp_path, monkeypatch):
    ids = ["r1", "r2", "r3", "r4", "r5"]
    folder = ljspeech_corpus(tmp_path / "in" / name, ids)
    found = []

    def run(stages, settings, recipe, overrides) -> None:
        options = [part for override in overrides for part in ("--set", override)]
        result = call(data.main, "--recipe", recipe, *options)
        assert result.exit_code == 0, result.output
        made = BY_NAME["data"].folder(settings)
        found.extend(u for split in ("train", "dev", "test") for u in read_datadir(made / split))
        raise Done

    monkeypatch.setattr(runner, "run", run)
    (tmp_path / "out" / name).mkdir(parents=True)
    with pytest.raises(Done):
        clone_style(folder, "lb", tmp_path / "out" / name / "voice.pt", ["base.source=pypi", "system.nj=1"])
    assert sorted(u.id.rpartition("-")[2] for u in found) == ids
    assert all(u.audio.resolve().is_relative_to(tmp_path / "out" / name) for u in found)


def test_a_line_break_in_a_path_is_named(tmp_path):
    folder = ljspeech_corpus(tmp_path / "a\nb", ["r1", "r2"])
    program = importlib.import_module("local.ljspeech").main
    result = call(program, tmp_path / "raw", "--folder", folder)
    assert result.exit_code == 1 and "line break" in result.stderr
    assert isinstance(result.exception, SystemExit) and WrongData.exit_code == 1
    assert not Path(tmp_path / "raw").exists()
