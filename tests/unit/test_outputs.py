"""Stages, tools and make targets remove or replace nothing that no stage wrote, and nothing that the run reads."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from made_up import ROOT, call, ljspeech_corpus, load_program

from moien.cli import main as moien
from moien.errors import WrongCall, WrongData
from moien.recipe import outputs, runner
from moien.recipe.clean import clean
from moien.recipe.settings import Settings, load_settings
from moien.recipe.stages import BY_NAME, STAGES, StageRun, execute, remove_temporary, state, temporary

WITH_OUTPUT = [stage for stage in STAGES if stage.output]
clean_program = load_program("utils/clean.py").main


def recipe(folder: Path, corpus: Path, **more: object) -> Settings:
    """The settings of a recipe in `folder` that reads `corpus` and writes to `folder/../work`."""
    folder.mkdir(parents=True, exist_ok=True)
    facts = {
        "language": "de",
        "system": {"work_dir": str(folder.parent / "work")},
        "corpus": {"options": {"folder": str(corpus)}},
    }
    (folder / "params.yaml").write_text(json.dumps(facts | more), encoding="utf-8")
    return load_settings(f"{folder}/")


def snapshot(*folders: Path) -> dict[str, str]:
    """Every file below the folders, with its digest, and every folder and link."""
    found = {}
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            regular = path.is_file() and not path.is_symlink()
            found[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest() if regular else os.fspath(path)
    return found


def write_one(run: StageRun) -> None:
    (run.out / "file").write_text(run.stage.name)
    run.tally.keep()


def must_not_run(run: StageRun) -> None:
    raise AssertionError("refused only after work was done")


@pytest.fixture
def now(tmp_path: Path) -> Settings:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "metadata.csv").write_text("a|Moien.\n")
    return recipe(tmp_path / "stimme", tmp_path / "corpus")


# --- what lies where a stage writes

# kind → path below the folder ("": the folder itself), and its text or where it links to
FOREIGN: dict[str, tuple[str, str | Path]] = {
    "a table": ("metadata.csv", "a|Moien."),
    "a file": ("", "mine"),
    "a hidden file": (".notes", "mine"),
    "a file far below": ("wavs/2024/a.wav", "RIFF"),
    "a link to a file": ("a", ROOT / "README.md"),
    "a link to a folder": ("wavs", ROOT),
    "a link": ("", ROOT),
    "a link to nowhere": ("", Path("nowhere")),
    "another manifest": ("manifest.json", '{"stage": "x", "outputs": {}}'),
    "a manifest of others": ("manifest.json", "[1]"),
}


def put(folder: Path, kind: str) -> None:
    """Put something foreign where a stage writes."""
    name, content = FOREIGN[kind]
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, Path):
        path.symlink_to(content)
    else:
        path.write_text(content)


@pytest.mark.parametrize("kind", FOREIGN)
@pytest.mark.parametrize("name", ["data", "align", "train"])
def test_what_no_stage_wrote_is_refused_before_any_work(
    now: Settings, tmp_path: Path, kind: str, name: str
) -> None:
    stage = BY_NAME[name]
    folder = stage.folder(now)
    put(folder, kind)
    before = snapshot(tmp_path)
    for attempt in (
        lambda: runner.plan(WITH_OUTPUT, now, force=False),
        lambda: runner.run(WITH_OUTPUT, now, str(now.folder), []),
        lambda: clean(now),
    ):
        with pytest.raises(WrongData) as error:
            attempt()
        assert str(folder) in str(error.value) and error.value.remedy
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("kind", [kind for kind, (name, _) in FOREIGN.items() if name])
def test_an_incomplete_output_is_removed_only_if_it_is_one(now: Settings, tmp_path: Path, kind: str) -> None:
    stage = BY_NAME["data"]
    left = temporary(stage, now)
    put(left, kind)
    before = snapshot(left)
    with pytest.raises(WrongData, match="did not write"):
        remove_temporary(stage, now)
    with pytest.raises(WrongData, match="did not write"):
        execute(stage, must_not_run, now)
    assert snapshot(left) == before


def test_what_a_user_puts_into_an_output_is_never_removed(now: Settings) -> None:
    stage = BY_NAME["data"]
    execute(stage, write_one, now)
    execute(stage, write_one, now)  # its own output it replaces
    (stage.folder(now) / "train_500").mkdir()
    (stage.folder(now) / "train_500" / "text").write_text("a Moien.\n")
    for attempt in (lambda: execute(stage, must_not_run, now), lambda: clean(now)):
        with pytest.raises(WrongData, match="data did not write train_500/text"):
            attempt()
    assert state(stage, now).kind == "done"


def test_what_appears_during_the_work_stays_too(now: Settings) -> None:
    stage = BY_NAME["data"]

    def work(run: StageRun) -> None:
        write_one(run)
        stage.folder(now).mkdir()
        (stage.folder(now) / "mine").touch()

    with pytest.raises(WrongData, match="did not write mine"):
        execute(stage, work, now)
    assert [path.name for path in stage.folder(now).iterdir()] == ["mine"]
    assert not temporary(stage, now).exists()


# --- what the run reads


def test_no_output_contains_an_input(tmp_path: Path) -> None:
    work, inside = tmp_path / "work", "train/wav"
    for stage in WITH_OUTPUT:
        folder = work / stage.output.replace("/R", "/stimme")  # type: ignore[union-attr]
        for path in (folder, folder / inside):
            path.mkdir(parents=True, exist_ok=True)
            for more in ({}, {"base": {"source": "file", "path": str(path)}}):
                corpus = path if not more else tmp_path / "elsewhere"
                with pytest.raises(
                    WrongData, match=f"stage {stage.name} would replace it, but the run reads it"
                ):
                    runner.plan(WITH_OUTPUT, recipe(tmp_path / "stimme", corpus, **more), force=True)
            shutil.rmtree(folder)


def test_an_earlier_output_is_no_corpus_for_itself(now: Settings, tmp_path: Path) -> None:
    """Its files are all of the stage, but the run would read what it replaces."""
    execute(BY_NAME["data"], write_one, now)
    again = recipe(tmp_path / "stimme", BY_NAME["data"].folder(now))
    with pytest.raises(WrongData, match=r"the run reads it: corpus\.options\.folder"):
        execute(BY_NAME["data"], must_not_run, again)
    other = recipe(tmp_path / "other", BY_NAME["data"].folder(now))
    execute(BY_NAME["data"], write_one, other)


def test_a_recipe_may_not_lie_where_its_output_goes(tmp_path: Path) -> None:
    (tmp_path / "work" / "data").mkdir(parents=True)
    folder = tmp_path / "work" / "data" / "stimme"
    made = recipe(folder, tmp_path)
    made = load_settings(f"{folder}/", [f"system.work_dir={tmp_path / 'work'}"])
    with pytest.raises(WrongData, match="the run reads it: the recipe"):
        runner.plan(WITH_OUTPUT, made, force=False)


def test_two_recipes_of_one_name_do_not_share_outputs(now: Settings, tmp_path: Path) -> None:
    execute(BY_NAME["data"], write_one, now)
    namesake = recipe(tmp_path / "b" / "stimme", tmp_path, system={"work_dir": str(now.system.work_dir)})
    before = snapshot(tmp_path)
    for attempt in (
        lambda: execute(BY_NAME["data"], must_not_run, namesake),
        lambda: runner.run(STAGES, namesake, str(namesake.folder), []),
        lambda: clean(namesake),
    ):
        with pytest.raises(WrongCall, match="another recipe of the same name"):
            attempt()
    assert snapshot(tmp_path) == before
    now.folder.rename(tmp_path / "moved")  # a recipe that is no longer there owns nothing
    execute(BY_NAME["data"], write_one, namesake)
    assert (now.system.work_dir / "exp" / "stimme" / outputs.OWNER).read_text() == f"{namesake.folder}\n"


# --- make clean


def test_clean_removes_what_stages_wrote_and_nothing_else(now: Settings, tmp_path: Path) -> None:
    for stage in WITH_OUTPUT:
        execute(stage, write_one, now)
    work = now.system.work_dir
    for file in ("exp/stimme/log/data.log", "exp/stimme/work/0123456789abcdef/last.pt", "exp/stimme/.lock"):
        (work / file).parent.mkdir(parents=True, exist_ok=True)
        (work / file).touch()
    for mine in ("data/other/a.wav", "exp/stimme/notes.txt", "exp/stimme/work/mine/b.wav", "dump/readme"):
        (work / mine).parent.mkdir(parents=True, exist_ok=True)
        (work / mine).touch()
    assert clean(now) == [work / "exp" / "stimme"]
    left = sorted(str(path.relative_to(work)) for path in work.rglob("*") if path.is_file())
    assert left == ["data/other/a.wav", "dump/readme", "exp/stimme/notes.txt", "exp/stimme/work/mine/b.wav"]
    assert clean(now) == [work / "exp" / "stimme"] and (tmp_path / "corpus" / "metadata.csv").is_file()


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "/", "../x", "recipes/mini", "./mini", "mini/", "mini x", "*", "presets", "no such"],
)
def test_clean_takes_the_name_of_a_recipe_only(name: str) -> None:
    done = call(clean_program, name)
    assert done.exit_code == 2 and "is not the name of a recipe" in done.stderr


def test_the_makefile_leaves_removal_to_that_program() -> None:
    for name in ("", "../x", "mini"):
        done = subprocess.run(
            ["make", "--no-print-directory", "-n", "clean", f"RECIPE={name}"],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        assert done.stdout == '.venv/bin/python utils/clean.py "$RECIPE"\n'


# --- corpus programs


@pytest.mark.parametrize("program", ["ljspeech", "common_voice", "lod", "espeak_corpus"])
def test_corpus_programs_write_into_a_new_folder(tmp_path: Path, program: str) -> None:
    corpus = ljspeech_corpus(tmp_path / "corpus", ["a"])
    (corpus / "text").write_text("mine")
    options = {"espeak_corpus": ("--sentences", corpus / "metadata.csv")}
    before = snapshot(tmp_path)
    for out in (corpus, corpus / "metadata.csv"):
        arguments = options.get(program, ("--folder", corpus))
        done = call(load_program(f"local/{program}.py").main, out, *arguments)
        assert done.exit_code == 2 and f"{out}: this exists; nothing in it is replaced" in done.stderr
    assert snapshot(tmp_path) == before
    (corpus / "metadata.csv").write_text("")
    new = tmp_path / "new"
    for _ in range(2):  # what failed leaves nothing, so the same call can be tried again
        assert call(load_program(f"local/{program}.py").main, new, *arguments).exit_code == 1
        assert not new.exists()


def test_clone_style_never_removes_its_recordings(tmp_path: Path) -> None:
    recordings = ljspeech_corpus(tmp_path / ".voice.pt.clone", ["a"])  # where it keeps its stages' outputs
    before = snapshot(recordings)
    base = ("--set", "base.source=file")  # without a path: stage 0 fails
    done = call(moien, "clone-style", recordings, "--recipe", "mini", "-o", tmp_path / "voice.pt", *base)
    assert done.exit_code
    assert snapshot(recordings).items() >= before.items()


@pytest.mark.parametrize(
    "command",
    [
        "check-g2p a.txt -o a.txt",
        "check-g2p a.txt -o link",
        "score --natural n --synthetic s --json n/a.wav",
        "score --natural n --synthetic s --text a.txt --json ./a.txt",
        "compare a.txt b.txt -o b.txt",
        "inspect a.txt --plot a.txt",
        "clone-style n --recipe mini -o n/a.wav",
    ],
)
def test_no_command_writes_over_what_it_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a.txt", "b.txt", "n/a.wav", "s/a.wav"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text("Moien.\n")
    Path("link").symlink_to("a.txt")
    before = snapshot(tmp_path)
    done = call(moien, *command.split())
    assert done.exit_code == 2 and "would replace what the command reads" in done.stderr, done.output
    assert snapshot(tmp_path) == before


# --- two checkouts, one environment


def other_checkout(folder: Path) -> Path:
    for part in ("moien", "steps", "local", "recipes/mini", "recipes/presets"):
        subprocess.run(["cp", "-r", "--parents", part, folder], cwd=ROOT, check=True)
    subprocess.run(["cp", "run.sh", folder], cwd=ROOT, check=True)
    return folder


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return other_checkout(tmp_path_factory.mktemp("other"))


def test_run_sh_runs_the_code_of_its_own_checkout(checkout: Path) -> None:
    recipe(checkout / "recipes" / "mine", checkout, system={"work_dir": str(checkout / "work")})
    step = checkout / "steps" / "check.py"
    step.write_text("import moien; raise SystemExit('stage 0 of ' + moien.__file__)\n")
    environment = os.environ | {"MOIEN_PYTHON": sys.executable}
    environment.pop("PYTHONPATH", None)
    for place in (ROOT, checkout, checkout.parent):
        done = subprocess.run(
            [checkout / "run.sh", "--recipe", "mine", "--stop-stage", "0"],
            cwd=place,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert f"stage 0 of {checkout}/moien/__init__.py" in done.stdout, done.stderr


@pytest.mark.parametrize(
    "command",
    [
        [str(Path(sys.executable).with_name("moien")), "g2p", "Moien"],
        ["steps/data.py", "--recipe", "mini"],
        ["local/ljspeech.py", "out", "--folder", "x"],
    ],
)
def test_a_program_of_one_checkout_refuses_the_code_of_another(checkout: Path, command: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, *command],
        cwd=checkout,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2 and f"the code that runs is of {ROOT}" in done.stderr, done.stderr
