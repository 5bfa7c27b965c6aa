"""Stage 0 finds what later stages would find after hours: eval.txt, the corpus, the base model, globs, judges."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from made_up import ROOT, call

from moien.corpus.datadir import Utterance, write_datadir
from moien.corpus.programs import check_options
from moien.errors import WrongCall, WrongData
from moien.kokoro import base as kokoro_base
from moien.kokoro.symbols import CONFIG
from moien.recipe.sentences import read_sentences
from moien.recipe.settings import load_settings
from moien.recipe.stages import BY_NAME, StageRun, Tally
from moien.text import load_frontend

check, decode = (importlib.import_module(f"steps.{name}") for name in ("check", "decode"))


def made(folder: Path, *overrides: str, language: str = "de") -> StageRun:
    """Stage 0 of a recipe in `folder`."""
    (folder / "params.yaml").write_text(f"language: {language}\n", encoding="utf-8")
    settings = load_settings(folder, [f"system.work_dir={folder}", *overrides])
    return StageRun(BY_NAME["check"], settings, folder, {})


# --- eval.txt

UNREADABLE = {
    "latin-1": ("Guten Tag.\nGrüße aus Köln.\n".encode("latin-1"), r"eval\.txt:2: not UTF-8"),
    "UTF-16": ("Guten Tag.\n".encode("utf-16"), r"eval\.txt:1: not UTF-8"),
    "empty": (b"", r"eval\.txt: there is no sentence"),
    "blank": (b"\n \r\n\t\n\xc2\xa0\n", r"eval\.txt: there is no sentence"),
    "no": (None, r"eval\.txt: there is no such file"),
}


@pytest.mark.parametrize(("content", "complaint"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_file_that_cannot_be_read_is_found_by_stage_0_and_by_stage_7(tmp_path, content, complaint):
    run = made(tmp_path)
    if content is not None:
        (tmp_path / "eval.txt").write_bytes(content)
    with pytest.raises(WrongData, match=complaint):
        check.check_texts(run)
    test = tmp_path / "data" / "test"
    test.mkdir(parents=True)
    for name, line in {
        "wav.scp": "a-1 a.wav",
        "text": "a-1 Ja",
        "utt2spk": "a-1 a",
        "spk2utt": "a a-1",
    }.items():
        (test / name).write_text(f"{line}\n")
    speaking = SimpleNamespace(
        inputs={"data": tmp_path / "data"}, settings=run.settings, recipe_dir=tmp_path, tally=Tally()
    )
    with pytest.raises(WrongData, match=complaint):
        decode.sentences(speaking, ["a"])


@pytest.mark.parametrize(("language", "bad"), [("de", ["*", "( … )"]), ("lb", ["…", "漢字"]), ("fr", ["★"])])
def test_every_line_that_cannot_be_spoken_is_named_at_once(tmp_path, language, bad):
    good = ["Moien.", "Bonjour, ça va?", "Oma."]
    lines = [good[0], "", bad[0], good[1], *bad[1:], good[2]]
    (tmp_path / "eval.txt").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(WrongData) as error:
        check.check_texts(made(tmp_path, "system.download_lexica=false", language=language))
    named = [line.partition(": cannot be spoken: ")[0] for line in error.value.message.split("\n")]
    assert named == [f"{tmp_path}/eval.txt:{number}" for number, line in enumerate(lines, 1) if line in bad]


def test_sentences_are_lines_without_a_mark_of_byte_order_and_windows_ends(tmp_path):
    (tmp_path / "eval.txt").write_bytes("\ufeffEins. \r\n\r\n  Zwei!".encode())
    assert read_sentences(tmp_path) == [(1, "Eins."), (3, "Zwei!")]


# --- the corpus

MISSING = {
    "a folder": ("ljspeech", {"folder": "/no/such"}, WrongData, "/no/such: there is no such corpus folder"),
    "a folder of tsv": (
        "common_voice",
        {"folder": "none"},
        WrongData,
        "none: there is no such corpus folder",
    ),
    "a folder of parquet": ("lod", {"folder": "none"}, WrongData, "none: there is no such corpus folder"),
    "sentences": ("espeak_corpus", {"sentences": "none.txt"}, WrongData, "none.txt: there is no such file"),
    "no folder named": ("ljspeech", {}, WrongCall, "Missing option '--folder'"),
    "an unknown option": ("ljspeech", {"folder": "/", "foldr": "/"}, WrongCall, "No such option.*--foldr"),
    "a wrong number": (
        "common_voice",
        {"folder": "/", "min_clips": "few"},
        WrongCall,
        "'few' is not a valid",
    ),
    "options of a program without": ("marylux", {"voice": "lb"}, WrongCall, "No such option.*--voice"),
    "a program": ("none", {}, WrongCall, "there is no corpus program"),
}


@pytest.mark.parametrize(("program", "options", "kind", "complaint"), MISSING.values(), ids=MISSING)
def test_what_the_corpus_lacks_is_found_without_reading_it(program, options, kind, complaint):
    with pytest.raises(kind, match=complaint):
        check_options(ROOT / "local" / f"{program}.py", options)


def test_what_is_there_is_right(tmp_path, monkeypatch):
    (tmp_path / "corpus").mkdir()
    monkeypatch.setenv("MOIEN_MIRROR", str(tmp_path))
    for folder in ("corpus", str(tmp_path / "corpus")):
        check_options(ROOT / "local" / "ljspeech.py", {"folder": folder, "speaker": "anna"})
    check_options(
        ROOT / "local" / "espeak_corpus.py", {"sentences": "recipes/mini/sentences.txt", "voice": ["lb"]}
    )
    check_options(ROOT / "local" / "marylux.py", {})
    assert sorted(tmp_path.iterdir()) == [tmp_path / "corpus"]


def test_a_program_of_another_kind_is_not_run(tmp_path):
    program = tmp_path / "own.py"
    program.write_text("raise SystemExit('run')\n")
    check_options(program, {"anything": 1})
    program.write_text("from moien.corpus.readers import program\n@program\ndef main(out:\n")
    with pytest.raises(WrongData, match=r"own\.py: cannot be imported"):
        check_options(program, {})


# --- the base model


@pytest.fixture
def model(tmp_path):
    """A folder that looks like a base model."""
    folder = tmp_path / "base"
    (folder / "voices").mkdir(parents=True)
    (folder / "config.json").write_bytes(CONFIG.read_bytes())
    torch.save({}, folder / "weights.pth")
    torch.save(torch.zeros(510, 1, 256), folder / "voices" / "af.pt")
    return folder


def damage(folder: Path, how: str) -> None:
    if how == "no config":
        (folder / "config.json").unlink()
    elif how == "another config":
        (folder / "config.json").write_text(json.dumps({"n_token": 1}))
    elif how == "no voice":
        (folder / "voices" / "af.pt").unlink()
    elif how == "two weights":
        (folder / "more.pth").touch()
    elif how == "a voice of another shape":
        torch.save(torch.zeros(510, 256), folder / "voices" / "af.pt")
    elif how == "a voice that is text":
        (folder / "voices" / "af.pt").write_text("404: not found")


WRONG_MODELS = {
    "no config": r"config\.json: there is no such file",
    "another config": "is not as in Kokoro-82M",
    "no voice": "there is no voices/NAME.pt",
    "two weights": r"2 \.pth files where one is expected",
    "a voice of another shape": r"af\.pt",
    "a voice that is text": r"af\.pt: not a PyTorch file",
    "other weights": r"weights\.pth: a Kokoro weight file has the parts",
}


@pytest.mark.parametrize(("how", "complaint"), WRONG_MODELS.items())
def test_a_base_that_is_no_model_is_found(tmp_path, model, how, complaint):
    damage(model, how)
    with pytest.raises(WrongData, match=complaint):
        check.check_base(made(tmp_path, "base.source=file", f"base.path={model}"))


@pytest.mark.parametrize("path", ["", "none", "params.yaml"])
def test_a_base_that_is_no_folder_is_a_wrong_call(tmp_path, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(WrongCall, match=r"base\.path is"):
        check.check_base(made(tmp_path, "base.source=file", *([f"base.path={path}"] if path else [])))


def test_globs_that_name_nothing_are_found(tmp_path, monkeypatch):
    monkeypatch.setattr(kokoro_base, "ensure_base", lambda _: SimpleNamespace(dir="base", voices={}))
    monkeypatch.setattr(
        kokoro_base, "new_model", lambda _: torch.nn.ModuleDict({"decoder": torch.nn.Linear(1, 1)})
    )
    with pytest.raises(WrongCall, match=r"train\.prosody\.learn: 'predictor\.\*' names no tensor"):
        check.check_base(made(tmp_path))


@pytest.mark.parametrize("model", ["openai/whisper-small", "none", "./none"])
def test_a_judge_that_is_not_there_is_found(tmp_path, model):
    with pytest.raises(WrongCall, match="neither a folder nor a model with its revision"):
        check.check_judges(made(tmp_path, f"score.transcriber={model}"))


# --- all of it


def test_all_that_is_missing_is_listed_at_once(tmp_path, monkeypatch):
    (tmp_path / "params.yaml").write_text(
        "language: tlh-none\nbase: {source: file, path: none}\ncorpus: {options: {folder: /no/such}}\n"
    )
    result = call(check.main, "--recipe", f"{tmp_path}/", "--set", f"system.work_dir={tmp_path}")
    assert result.exit_code == 1
    assert result.stdout.count("missing: ") == 3 and "stage check: 3 thing(s) missing" in result.stderr
    for words in ("/no/such: there is no such corpus folder", "'tlh-none'", "base.path is none"):
        assert words in result.stdout


@pytest.mark.parametrize("counted", [True, False])
def test_stage_7_does_not_count_again_what_stage_2_dropped(tmp_path, monkeypatch, counted):
    """One unspeakable text of two in test is half of them: it failed the recipe after the training."""
    run = made(tmp_path)
    (tmp_path / "eval.txt").write_text("Ja.\n")
    utterances = [Utterance(f"a-{n}", "a", text, tmp_path / "a.wav") for n, text in enumerate(["Ja.", "*"])]
    write_datadir(tmp_path / "data" / "test", utterances)
    frontend = load_frontend(run.settings.g2p, "de")
    speech = SimpleNamespace(audio=np.zeros(2400, np.float32), durations=(1,))
    voice = SimpleNamespace(speakers=["a"], speak=lambda *_, **__: speech)
    monkeypatch.setattr("moien.text.open_frontend", lambda _: frontend)
    monkeypatch.setattr("moien.synth.load_voice", lambda *_: voice)
    monkeypatch.setattr("moien.synth.Synthesiser", lambda *_: voice)
    monkeypatch.setattr("moien.kokoro.speak.TorchEngine", lambda *_: None)
    for name in ("ensure_base", "load_pack", "load_model"):
        monkeypatch.setattr(kokoro_base, name, lambda *_: SimpleNamespace(weights=None, config=None))
    monkeypatch.setattr("moien.kokoro.forward.fold_weight_norm", lambda _: SimpleNamespace(to=lambda _: None))
    (tmp_path / "out").mkdir()
    inputs = {name: tmp_path / name for name in ("data", "g2p", "embedding", "train")}
    speaking = StageRun(BY_NAME["decode"], run.settings, tmp_path / "out", inputs)
    before = {"a-1": "text that cannot be spoken (stage 2)"} if counted else {}
    monkeypatch.setattr(StageRun, "dropped_before", lambda _: before)
    decode.main.callback.__wrapped__(speaking)
    assert speaking.tally.kept == 2
    assert set(speaking.tally.dropped) == (set() if counted else {"a-1"})
