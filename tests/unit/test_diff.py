"""`moien diff`: the first stage, the file and the setting in which two runs differ."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_up import call

from moien.cli import main
from moien.recipe import manifest
from moien.recipe.stages import STAGES


def run(folder: Path, **changes: object) -> Path:
    """A run whose stages wrote a file each: `changes` are stage → its content, `settings` those of stage 6."""
    for stage in STAGES:
        if stage.output is None:
            continue
        out = folder / stage.output.replace("/R", "/r")
        (out / "part").mkdir(parents=True)
        (out / "part" / "file").write_text(str(changes.get(stage.name, "same")))
        settings = changes.get("settings", {"lr": 1}) if stage.name == "train" else {}
        facts = {"version": 1, "settings": settings, "files": {}, "lexica": {}, "inputs": {}}
        manifest.write(out, stage=stage.name, recipe="r", **facts)
    return folder / "exp" / "r"


def test_equal_runs_are_equal(tmp_path: Path) -> None:
    ended = call(main, "diff", str(run(tmp_path / "a")), str(run(tmp_path / "b")))
    assert (ended.exit_code, ended.output) == (0, "equal: 9 files\n")


def test_the_first_stage_its_file_and_the_setting_are_named(tmp_path: Path) -> None:
    other = run(tmp_path / "b", train="new", pack="new", settings={"lr": 2})
    ended = call(main, "diff", str(run(tmp_path / "a")), str(other))
    assert ended.exit_code == 1
    assert "part/file differs" in ended.output
    assert "settings.lr: 1, 2" in ended.output
    assert "is 6 (train); 7 files are equal" in ended.output
    assert "later ones: pack" in ended.output


def test_where_no_fact_differs_it_says_so(tmp_path: Path) -> None:
    ended = call(main, "diff", str(run(tmp_path / "a")), str(run(tmp_path / "b", align="new")))
    assert ended.exit_code == 1
    assert "the code, the machine or its load differs" in ended.output


def test_a_file_that_was_edited_after_the_run_differs(tmp_path: Path) -> None:
    first, second = run(tmp_path / "a"), run(tmp_path / "b")
    (tmp_path / "b" / "dump" / "r" / "g2p" / "part" / "file").write_text("SAME")  # of the same size
    ended = call(main, "diff", str(first), str(second))
    assert ended.exit_code == 1
    assert "is 2 (g2p)" in ended.output


@pytest.mark.parametrize("gone", ["data/r", "exp/r/train"])
def test_a_missing_stage_is_named(tmp_path: Path, gone: str) -> None:
    first, second = run(tmp_path / "a"), run(tmp_path / "b")
    (tmp_path / "b" / gone / "manifest.json").unlink()
    ended = call(main, "diff", str(first), str(second))
    assert ended.exit_code == 1
    assert f"{tmp_path / 'b' / gone} is missing" in ended.output


def test_a_folder_without_a_run_is_a_wrong_call(tmp_path: Path) -> None:
    (tmp_path / "exp" / "r").mkdir(parents=True)
    assert call(main, "diff", str(tmp_path / "exp" / "r"), str(tmp_path / "exp" / "r")).exit_code == 2
