"""A stage is atomic, knows when it is up to date, and counts what it loses."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from moien.errors import WrongData
from moien.recipe import manifest
from moien.recipe.runner import plan, select
from moien.recipe.settings import ROOT, Settings, known_keys, load_settings
from moien.recipe.stages import (
    BY_NAME,
    STAGES,
    StageRun,
    execute,
    remove_temporary,
    state,
    temporary,
    work_folder,
)
from moien.recipe.versions import VERSIONS
from moien.text.lb import lexicon

DATA, G2P, ALIGN = BY_NAME["data"], BY_NAME["g2p"], BY_NAME["align"]


def settings(tmp_path: Path, *overrides: str) -> Settings:
    return load_settings("mini", [f"system.work_dir={tmp_path}", *overrides])


def write_one(run: StageRun) -> None:
    (run.out / "file").write_text(run.stage.name)
    run.tally.keep()


MADE_BY_WRITE = {"versions", "outputs", "digest"}


def test_the_table_is_in_order_and_reads_only_what_lies_before() -> None:
    assert [stage.number for stage in STAGES] == list(range(len(STAGES)))
    outputs = [stage.output for stage in STAGES if stage.output]
    assert len(set(outputs)) == len(outputs)
    for stage in STAGES:
        assert stage.program.is_file()
        assert all(BY_NAME[name].number < stage.number for name in stage.inputs)
        assert set(stage.settings) <= set(known_keys())


def test_a_finished_stage_is_done_until_something_it_depends_on_changes(tmp_path: Path) -> None:
    now = settings(tmp_path)
    assert state(DATA, now).kind == "missing"
    execute(DATA, write_one, now)
    execute(G2P, write_one, now)
    assert state(DATA, now).kind == state(G2P, now).kind == "done"

    other_seed = settings(tmp_path, "seed=5")
    assert state(DATA, other_seed).why == "seed was 20, now 5"
    assert state(G2P, other_seed).why == "stage data is changed"
    assert state(DATA, settings(tmp_path, "system.nj=7")).kind == "done"

    (DATA.folder(now) / "file").unlink()
    assert state(DATA, now).why == "file is gone"


@pytest.mark.parametrize("edit", ["size", "content", "content, time put back", "manifest"])
def test_an_edited_output_is_made_again(tmp_path: Path, edit: str) -> None:
    now = settings(tmp_path)
    execute(DATA, write_one, now)
    file = DATA.folder(now) / "file"
    assert state(DATA, now).kind == "done"
    text, facts = file.read_text(), file.stat()
    if edit == "manifest":
        file = file.with_name("manifest.json")
        made = json.loads(file.read_text())
        made["outputs"]["file"][1] = "0" * 64
        file.write_text(json.dumps(made))
        assert state(DATA, now).why == "file was edited"
        return
    file.write_text(text + "!" if edit == "size" else text.upper())
    if (
        "time" in edit
    ):  # as after a clock that jumped back: another time than that of the last look, but an older one
        os.utime(file, ns=(facts.st_atime_ns, facts.st_mtime_ns - 10**12))
    assert state(DATA, now).why == "file was edited"


def test_an_input_that_is_made_again_under_way_makes_the_stage_run_again(tmp_path: Path) -> None:
    now = settings(tmp_path)
    execute(DATA, write_one, now)

    def meanwhile(run: StageRun) -> None:
        write_one(run)
        file = DATA.folder(now) / "file"
        file.write_text("of another run")
        facts = manifest.read(DATA.folder(now)) or {}
        manifest.write(DATA.folder(now), **{key: facts[key] for key in facts if key not in MADE_BY_WRITE})

    execute(G2P, meanwhile, now)
    assert state(DATA, now).kind == "done"
    assert state(G2P, now).why == "data is another"


def test_what_another_version_of_the_code_made_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = settings(tmp_path)
    for stage in STAGES[1:]:
        execute(stage, write_one, now)
    for stage in STAGES[1:]:
        work = work_folder(stage, now)
        made = stage.version
        monkeypatch.setitem(VERSIONS, stage.name, made + 1)
        assert state(stage, now).why == f"its method is of version {made + 1}, not {made}"
        assert work_folder(stage, now) != work
        assert all(state(other, now).kind == "changed" for other in STAGES if stage.name in other.inputs)
        assert all(state(other, now).kind == "done" for other in STAGES[: stage.number])
        monkeypatch.undo()


def test_what_was_made_before_there_were_versions_is_made_again(tmp_path: Path) -> None:
    now = settings(tmp_path)
    execute(DATA, write_one, now)
    file = DATA.folder(now) / manifest.NAME
    made = json.loads(file.read_text())
    file.write_text(
        json.dumps({key: value for key, value in made.items() if key not in ("version", "lexica")})
    )
    assert state(DATA, now).why == f"its method is of version {VERSIONS['data']}, not 0"


@pytest.fixture
def lexica(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A mirror, empty, for the two lexica that the Luxembourgish front end fetches, and an empty cache."""
    monkeypatch.setenv("MOIEN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("MOIEN_MIRROR", str(tmp_path / "mirror"))
    made_up = [replace(r, sha256=hashlib.sha256(r.name.encode()).hexdigest()) for r in lexicon.REMOTES]
    monkeypatch.setattr(lexicon, "REMOTES", tuple(made_up))
    return tmp_path / "mirror"


def test_a_lexicon_that_comes_or_goes_changes_the_phonemes(tmp_path: Path, lexica: Path) -> None:
    now = settings(tmp_path)
    execute(DATA, write_one, now)
    for remote in lexicon.REMOTES:
        execute(G2P, write_one, now)
        assert state(G2P, now).kind == "done"
        (lexica / remote.file).parent.mkdir(parents=True, exist_ok=True)
        (lexica / remote.file).write_text(remote.name)
        assert state(G2P, now).why == f"{remote.name} is new"
    execute(G2P, write_one, now)
    made = manifest.read(G2P.folder(now))
    assert made is not None and set(made["lexica"]) == {"LOD official", "MFA dictionary", "gruut-lang-lb"}
    (lexica / lexicon.REMOTES[0].file).write_text("damaged")
    assert state(G2P, now).why == "LOD official is gone"
    assert state(DATA, now).kind == "done"

    compiled = lexicon._compiled((now.folder / "lexicon.tsv", *lexicon.TABLES), lexicon.REMOTES)
    compiled.parent.mkdir(parents=True)
    compiled.write_bytes(b"")  # with which the front end needs no other file
    assert state(G2P, now).kind == "done"


def test_a_language_without_lexica_does_not_depend_on_them(tmp_path: Path, lexica: Path) -> None:
    for other in ("language=de", "g2p.front_end=espeak"):
        now = settings(tmp_path, other)
        execute(DATA, write_one, now)
        execute(G2P, write_one, now)
        made = manifest.read(G2P.folder(now))
        assert made is not None and made["lexica"] == {}


def test_two_runs_leave_the_same_manifest(tmp_path: Path) -> None:
    folders = []
    for name in ("a", "b"):
        now = settings(tmp_path / name)
        execute(DATA, write_one, now)
        folders.append(DATA.folder(now) / manifest.NAME)
    assert folders[0].read_bytes() == folders[1].read_bytes()


def test_a_stage_that_fails_keeps_the_old_output_and_leaves_nothing_half_done(tmp_path: Path) -> None:
    now = settings(tmp_path)
    execute(DATA, write_one, now)

    def break_down(run: StageRun) -> None:
        (run.out / "half").write_text("x")
        raise WrongData("no", where="somewhere")

    with pytest.raises(WrongData):
        execute(DATA, break_down, now)
    assert (DATA.folder(now) / "file").read_text() == "data"
    assert not (DATA.folder(now) / "half").exists()
    assert not temporary(DATA, now).exists()


@pytest.mark.parametrize("error", [OSError(28, "No space left"), RuntimeError("file write failed")])
def test_a_full_disk_is_named_whatever_a_library_raises(tiny_disk: Path, error: Exception) -> None:
    def fill(run: StageRun) -> None:
        with contextlib.suppress(OSError):
            (run.out / "file").write_bytes(bytes(1 << 20))
        raise error

    now = settings(tiny_disk)
    with pytest.raises(WrongData, match=r"(?s)the disk of .* is full.*free some, or --set system.work_dir"):
        execute(DATA, fill, now)
    assert not DATA.folder(now).exists() and not list(tiny_disk.rglob(".*.tmp"))


def test_an_input_that_is_missing_is_named_with_the_command_that_makes_it(tmp_path: Path) -> None:
    with pytest.raises(WrongData, match=r"(?s)stage 2 \(g2p\).*stage 1 \(data\).*missing.*--stage 1"):
        execute(G2P, write_one, settings(tmp_path))
    with pytest.raises(WrongData, match="stage 1"):
        plan(select(ALIGN, ALIGN, ()), settings(tmp_path), force=False)


def test_an_input_made_with_other_settings_is_refused(tmp_path: Path) -> None:
    execute(DATA, write_one, settings(tmp_path))
    execute(G2P, write_one, settings(tmp_path))
    with pytest.raises(WrongData, match="seed was 20, now 3"):
        plan([ALIGN], settings(tmp_path, "seed=3"), force=False)


def test_what_runs_after_a_stage_that_runs_runs_too(tmp_path: Path) -> None:
    now = settings(tmp_path)
    execute(DATA, write_one, now)
    execute(G2P, write_one, now)
    assert [row.runs for row in plan([DATA, G2P], now, force=False)] == [False, False]
    (DATA.folder(now) / "file").unlink()
    assert [row.runs for row in plan([DATA, G2P], now, force=False)] == [True, True]


def test_too_many_lost_utterances_fail_and_the_table_says_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def lose(run: StageRun) -> None:
        run.tally.keep(8)
        run.tally.drop("a", "silent")
        run.tally.drop("b", "too long: 40.0 s")

    with pytest.raises(WrongData, match="2 of 10 utterances were dropped"):
        execute(DATA, lose, settings(tmp_path))
    assert "in 10, kept 8, dropped 2" in (printed := capsys.readouterr().out)
    assert "too long  (e.g. b: too long: 40.0 s)" in printed
    execute(DATA, lose, settings(tmp_path, "max_dropped=0.2"))
    made = json.loads((tmp_path / "data/mini/manifest.json").read_text())
    assert made["counts"]["dropped"] == {"silent": 1, "too long": 1}


@pytest.mark.parametrize("recipe", sorted(p.parent.name for p in (ROOT / "recipes").glob("*/params.yaml")))
def test_every_recipe_loads_and_every_setting_is_explained(recipe: str) -> None:
    assert load_settings(recipe).recipe == recipe

    def unexplained(model: type, path: str = "") -> list[str]:
        found = []
        for name, field in model.model_fields.items():  # type: ignore[attr-defined]
            if hasattr(field.annotation, "model_fields"):
                found += unexplained(field.annotation, f"{path}{name}.")
            elif not field.description:
                found.append(path + name)
        return found

    assert unexplained(Settings) == []


def test_two_processes_do_not_make_one_stage_and_what_was_killed_is_no_hindrance(tmp_path: Path) -> None:
    now = settings(tmp_path)
    (temporary(DATA, now) / "left").mkdir(parents=True)  # by a process that was killed

    def while_another_calls(run: StageRun) -> None:
        write_one(run)
        with pytest.raises(WrongData, match=r"stage 1 \(data\): another process is making its output"):
            execute(DATA, write_one, now)
        remove_temporary(DATA, now)
        assert (run.out / "file").is_file()

    execute(DATA, while_another_calls, now)
    assert sorted(path.name for path in DATA.folder(now).iterdir()) == ["file", manifest.NAME]
    temporary(DATA, now).mkdir()
    remove_temporary(DATA, now)
    assert not temporary(DATA, now).exists()
