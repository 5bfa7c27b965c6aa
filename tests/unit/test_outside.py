"""What a stage reads from outside of the graph decides by its content whether the stage is up to date."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from made_up import ROOT, ljspeech_corpus

from moien.recipe import digests, outside
from moien.recipe.settings import Settings, load_settings
from moien.recipe.stages import BY_NAME, STAGES, StageRun, execute, provenance, state

DATA = BY_NAME["data"]
CORPUS = "content of corpus.options.folder"


def write_one(run: StageRun) -> None:
    (run.out / "file").write_text(run.stage.name)
    run.tally.keep()


@pytest.fixture
def now(tmp_path: Path) -> Settings:
    """A recipe, with a corpus, a corpus program, a base model and a recogniser of its own; every stage is done."""
    corpus = ljspeech_corpus(tmp_path / "corpus", ["a", "b"])
    for name in ("base/voices/x.pt", "judge/model.bin"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("weights")
    (tmp_path / "program.py").write_text("print(1)\n")
    facts = {
        "language": "de",
        "system": {"work_dir": str(tmp_path / "work")},
        "corpus": {
            "program": str(tmp_path / "program.py"),
            "options": {"folder": str(corpus), "tables": [1, "x"]},
        },
        "base": {"source": "file", "path": str(tmp_path / "base")},
        "score": {"transcriber": str(tmp_path / "judge")},
    }
    folder = tmp_path / "recipe"
    folder.mkdir()
    (folder / "params.yaml").write_text(json.dumps(facts))
    (folder / "eval.txt").write_text("Moien.\n")
    settings = load_settings(f"{folder}/")
    for stage in STAGES[1:]:
        execute(stage, write_one, settings)
    return settings


def reasons(settings: Settings) -> dict[str, str]:
    """Stage → why it would run, of those that changed by themselves and not by a stage before them."""
    found = {stage.name: state(stage, settings) for stage in STAGES}
    return {
        name: now.why
        for name, now in found.items()
        if now.kind != "done" and not now.why.startswith("stage ")
    }


def test_an_unchanged_corpus_is_up_to_date(now: Settings, tmp_path: Path) -> None:
    assert reasons(now) == {}
    for path in (tmp_path / "corpus").rglob("*"):
        os.utime(path, (1, 1))  # a copy, another clock
    (tmp_path / "corpus" / ".DS_Store").touch()
    assert reasons(now) == {}


EDITS = {
    "a text, same length": (
        "corpus/metadata.csv",
        "a|Saz Nummer 0.\nb|Saz Nummer 2.\n",
        {"data": f"{CORPUS} is another"},
    ),
    "a recording": ("corpus/wavs/a.wav", "RIFF", {"data": f"{CORPUS} is another"}),
    "a new recording": ("corpus/wavs/c.wav", "RIFF", {"data": f"{CORPUS} is another"}),
    "another table": ("corpus/spk2gender", "a f\n", {"data": f"{CORPUS} is another"}),
    "the corpus program": ("program.py", "print(2)\n", {"data": "content of corpus.program is another"}),
    "the base model": (
        "base/voices/x.pt",
        "heavier",
        dict.fromkeys(("align",), "content of base.path is another"),
    ),
    "the recogniser": ("judge/model.bin", "heavier", {"score": "content of score.transcriber is another"}),
    "eval.txt": ("recipe/eval.txt", "Äddi.\n", {"decode": "eval.txt is another"}),
    "corrections": ("recipe/lexicon.tsv", "Moien\tmˈɔɪən\t\n", {"g2p": "lexicon.tsv is new"}),
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_makes_its_stage_run_again(now: Settings, tmp_path: Path, edit: str) -> None:
    name, text, expected = EDITS[edit]
    (tmp_path / name).write_text(text)
    assert reasons(now) == expected
    [stage] = expected
    execute(BY_NAME[stage], write_one, now)  # what it writes is the same as before, so nothing behind it runs
    assert stage not in reasons(now)


def test_a_recording_that_goes_is_noticed(now: Settings, tmp_path: Path) -> None:
    (tmp_path / "corpus/wavs/b.wav").rename(tmp_path / "corpus/wavs/c.wav")
    assert reasons(now) == {"data": f"{CORPUS} is another"}
    shutil.rmtree(tmp_path / "corpus")
    assert reasons(now) == {"data": f"{CORPUS} is gone"}


def test_what_is_edited_during_a_stage_makes_it_run_again(now: Settings, tmp_path: Path) -> None:
    def work(run: StageRun) -> None:
        write_one(run)
        (tmp_path / "corpus" / "metadata.csv").write_text("a|Äddi.\n")

    execute(DATA, work, now)
    assert reasons(now) == {"data": f"{CORPUS} is another"}


def test_audio_is_hashed_once_and_tables_each_time(
    now: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []

    def sha256_file(path: Path) -> str:
        hashed.append(path.name)
        return "0"

    for module in (outside, digests):
        monkeypatch.setattr(module, "sha256_file", sha256_file)
    provenance(DATA, now)
    assert sorted(hashed) == ["metadata.csv", "program.py"]
    os.utime(tmp_path / "corpus/wavs/b.wav", (1, 1))
    hashed.clear()
    provenance(DATA, now)
    assert sorted(hashed) == ["b.wav", "metadata.csv", "program.py"]


def test_the_place_of_a_corpus_does_not_matter(now: Settings, tmp_path: Path) -> None:
    before = provenance(DATA, now)["files"]
    shutil.move(tmp_path / "corpus", tmp_path / "elsewhere")
    (tmp_path / "corpus").symlink_to("elsewhere")
    (tmp_path / "elsewhere" / "loop").symlink_to(tmp_path / "elsewhere")
    assert provenance(DATA, now)["files"] == before


def test_outputs_inside_the_corpus_are_no_part_of_it(tmp_path: Path) -> None:
    corpus = ljspeech_corpus(tmp_path / "corpus", ["a"])
    options = f"corpus.options={{folder: {corpus}}}"
    now = load_settings("mini", ["corpus.program=local/ljspeech.py", options, f"system.work_dir={corpus}"])
    execute(DATA, write_one, now)
    (corpus / "exp" / "mini" / "log").mkdir()
    (corpus / "exp" / "mini" / "log" / "data.log").write_text("1 s")
    assert state(DATA, now).kind == "done"


def test_a_damaged_cache_of_digests_is_made_again(now: Settings, tmp_path: Path) -> None:
    before = provenance(DATA, now)["files"]
    cache = tmp_path / "work" / "exp" / "recipe" / digests.NAME
    for text in ("", "[]", "{"):
        cache.write_text(text)
        assert provenance(DATA, now)["files"] == before
        assert isinstance(json.loads(cache.read_text()), dict)


def test_dvc_makes_the_recipe_of_the_readme(tmp_path: Path) -> None:
    """With no more than the README writes, and again only after the corpus was edited."""
    for part in ("moien", "steps", "local", "recipes/mini", "recipes/presets", "dvc.yaml", "run.sh"):
        subprocess.run(["cp", "-r", "--parents", part, tmp_path], cwd=ROOT, check=True)
    corpus = ljspeech_corpus(tmp_path / "corpus", [f"a{n:02d}" for n in range(20)])
    (tmp_path / "recipes" / "mine").mkdir()
    options = f"corpus: {{program: local/ljspeech.py, options: {{folder: {corpus}}}}}"
    (tmp_path / "recipes/mine/params.yaml").write_text(f"language: de\npreset: cpu-hour\n{options}\n")
    (tmp_path / "recipes/mine/eval.txt").write_text("Ein Satz.\n")
    (tmp_path / "params.yaml").write_text("recipes:\n  mini: {}\n  mine: {}\n")
    dvc = [Path(sys.executable).with_name("dvc")]

    def repro() -> str:
        done = subprocess.run(
            [*dvc, "repro", "g2p@mine"],
            cwd=tmp_path,
            env=os.environ | {"MOIEN_PYTHON": sys.executable},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    subprocess.run([*dvc, "init", "-q", "--no-scm"], cwd=tmp_path, check=True)
    assert "stage 2 g2p: done" in repro()
    assert "didn't change, skipping" in repro()
    (corpus / "metadata.csv").write_text((corpus / "metadata.csv").read_text().replace("Saz", "Satz"))
    assert f"[{CORPUS} is another]" in repro()
    (tmp_path / "data" / "mine" / "notes.txt").write_text("mine")  # DVC would remove it without `persist`
    (corpus / "metadata.csv").write_text((corpus / "metadata.csv").read_text().replace("Satz", "Text"))
    with pytest.raises(AssertionError, match=r"did not write notes\.txt"):
        repro()
    assert (tmp_path / "data" / "mine" / "notes.txt").read_text() == "mine"
