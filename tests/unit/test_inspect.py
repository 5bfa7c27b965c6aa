"""`moien inspect` and `moien say`, as they are called."""

from __future__ import annotations

import json
import math
import re

import pytest
import soundfile
import torch
from click.testing import CliRunner

from moien.cli import main
from moien.kokoro import inspect as inspection
from moien.kokoro.export import save_pack
from moien.text import load_frontend
from moien.text.settings import G2PSettings


@pytest.fixture(autouse=True)
def one_model(model, monkeypatch):
    """The shapes that inspect compares with are the session's model's: building another takes seconds."""
    monkeypatch.setattr(inspection, "new_model", lambda config: model)


def call(*arguments):
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    return result.exit_code, result.output


def test_facts_of_the_base_as_json(base):
    code, output = call("inspect", "--json", base.dir)
    facts = json.loads(output)
    assert code == 0
    weights = facts["weights"][str(base.weights)]
    assert {part: entry["parameters"] for part, entry in weights["parts"].items()} == {
        "bert": 6_292_480,
        "bert_encoder": 393_728,
        "predictor": 16_194_612,
        "decoder": 53_276_190,
        "text_encoder": 5_606_400,
    }
    assert weights["prefix"] == "module." and weights["absent_by_design"] == 140 and not weights["problems"]
    assert facts["vocabulary"]["used"] == 114 and facts["vocabulary"]["symbols"]["92"] == "ɡ"
    assert facts["config"][str(base.config)]["problem"] is None
    assert facts["packs"].keys() == facts["cosine"].keys() == base.voices.keys()
    pack = facts["packs"]["jf_alpha"]
    assert pack["shape"] == [510, 1, 256] and pack["min"] < pack["mean"] < pack["max"]
    distances = pack["distance_from_mean_row"]
    assert distances["5"] > distances["50"] > distances["200"] and not pack["rows_equal"]
    assert math.isclose(facts["cosine"]["jm_kumo"]["jm_kumo"], 1, abs_tol=1e-5)
    assert facts["cosine"]["jm_kumo"]["jf_alpha"] == facts["cosine"]["jf_alpha"]["jm_kumo"] < 0.9


def test_tables_of_packs_and_their_plot(tmp_path):
    save_pack(torch.ones(510, 1, 256), tmp_path / "flat.pt")
    save_pack(torch.linspace(-1, 1, 510 * 256).reshape(510, 1, 256), tmp_path / "slope.pt")
    code, output = call(
        "inspect", tmp_path / "flat.pt", tmp_path / "slope.pt", "--plot", tmp_path / "packs.png"
    )
    assert code == 0, output
    assert "none: all rows are equal" in output and "slope" in output and "weights" not in output
    assert (tmp_path / "packs.png").read_bytes().startswith(b"\x89PNG")


def test_wrong_weights_are_shown_and_exit_1(tmp_path, base):
    parts = torch.load(base.weights, weights_only=True, mmap=True)
    parts = {part: {key: torch.zeros(1).expand(t.shape) for key, t in s.items()} for part, s in parts.items()}
    del parts["predictor"]["module.F0_proj.bias"]
    torch.save(parts, tmp_path / "x.pth")
    code, output = call("inspect", tmp_path / "x.pth")
    assert code == 1
    assert "wrong: 1 tensors missing: predictor: module.F0_proj.bias [1]" in output
    assert "error: the weights do not fit Kokoro-82M" in output


@pytest.mark.parametrize("thing", ["nothing", "x.wav"])
def test_what_cannot_be_inspected(thing):
    code, output = call("inspect", thing)
    assert code == 2 and f"'{thing}' cannot be inspected" in output


def test_a_plot_needs_packs(tmp_path, base):
    code, output = call("inspect", base.weights, "--plot", tmp_path / "x.png")
    assert code == 2 and "no voice packs to draw" in output


@pytest.fixture
def recipe(tmp_path):
    """A recipe whose outputs lie in a folder of their own."""
    folder = tmp_path / "toy"
    folder.mkdir()
    (folder / "params.yaml").write_text(f"language: lb\nsystem: {{work_dir: {tmp_path}, threads: 1}}\n")
    return folder


def test_say_without_a_voice_names_the_stages(recipe):
    code, output = call("say", "Moien", "--recipe", recipe)
    assert code == 1 and "there is no voice yet" in output and "--stop-stage 6" in output


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 2, "either TEXT or --file"),
        (["Moien", "--file", "{tmp_path}/latin.txt"], 2, "either TEXT or --file"),
        (["Moien", "-o", "{tmp_path}/x.aiff"], 2, "the formats are .wav .flac .mp3 .ogg .opus"),
        (["Moien", "--engine", "onnx"], 1, "there is no exported voice that is up to date"),
        (["Moien", "--seed", "3"], 2, "only with --engine torch"),
        (["--file", "{tmp_path}/latin.txt"], 1, "this is not UTF-8"),
        (["Moien", "--voice", "{tmp_path}"], 1, "not a saved front end|\\.pth files"),
        (["Moien", "--voice", "{tmp_path}/broken"], 1, "this is no exported voice"),
    ],
)
def test_say_names_what_is_wrong(recipe, tmp_path, arguments, code, message):
    (tmp_path / "latin.txt").write_bytes("wéi".encode("latin-1"))
    (tmp_path / "broken" / "onnx").mkdir(parents=True)
    found, output = call("say", "--recipe", recipe, *(word.format(tmp_path=tmp_path) for word in arguments))
    assert found == code and re.search(message, output), output


def test_say_speaks_into_a_file(recipe, base, tmp_path):
    (tmp_path / "exp" / "toy").mkdir(parents=True)
    (tmp_path / "exp" / "toy" / "train").symlink_to(base.dir)
    frontend = tmp_path / "dump" / "toy" / "g2p" / "frontend"
    frontend.mkdir(parents=True)
    load_frontend(G2PSettings(), "lb").save(frontend)
    code, output = call("say", "Moien!", "--recipe", recipe)
    assert code == 2 and "--speaker jf_alpha or" in output
    code, output = call(
        "say", "Moien!", "--recipe", recipe, "--speaker", "jf_alpha", "-o", tmp_path / "m.wav"
    )
    assert code == 0 and "ən!" in output and "m.wav: " in output, output
    (tmp_path / "a.txt").write_text("\ufeffMoien!", encoding="utf-8")
    options = ("--speaker", "jf_alpha", "--file", tmp_path / "a.txt", "-o", tmp_path / "m.opus")
    code, output = call("say", "--recipe", recipe, *options)
    assert code == 0 and "ən!" in output and soundfile.info(tmp_path / "m.opus").subtype == "OPUS", output
    samples, rate = soundfile.read(tmp_path / "m.wav")
    assert rate == 24_000 and len(samples) % 600 == 0 and 0.02 < abs(samples).max() <= 1
