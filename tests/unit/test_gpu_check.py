"""The check of a card, on the CPU with a tiny model: every row is there, and the table goes into the docs."""

from __future__ import annotations

import importlib.util
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from tiny_training import tiny_model

from moien.recipe.settings import ROOT
from moien.train import gpu_check, loop


@pytest.fixture
def tool():
    spec = importlib.util.spec_from_file_location("gpu_check_tool", ROOT / "tools" / "gpu_check.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(autouse=True)
def tiny(monkeypatch):
    monkeypatch.setattr(loop, "load_model", tiny_model)
    monkeypatch.setattr(gpu_check, "random_base", lambda _: SimpleNamespace(weights=None, config=None))


def test_every_row_is_measured_and_written(tool, tmp_path, monkeypatch):
    docs = tmp_path / "gpu.md"
    docs.write_text(f"before\n{tool.BEGIN}It never ran on a card.\n{tool.END}after\n", encoding="utf-8")
    monkeypatch.setattr(tool, "DOCS", docs)
    learn = 'train.acoustic.learn={"decoder.*.fc.*":0.5,"decoder.encode.conv*":1}'
    call = ["--device", "cpu", "--quick", "--steps", "2", "--write", "--set", learn]
    result = CliRunner().invoke(tool.main, call, catch_exceptions=False)
    assert result.exit_code == 0
    text = docs.read_text(encoding="utf-8")
    assert text.startswith("before\n") and text.endswith("after\n") and "never" not in text
    rows = dict(line.strip("| ").split(" | ", 1) for line in text.splitlines() if line.startswith("| "))
    assert rows["one step against the CPU: largest relative difference of a loss"] == "0e+00 | 0e+00"
    assert rows["relative difference of the gradient"] == "0e+00 | 0e+00"
    for label in ("seconds a step", "seconds a step, float32"):
        assert all(float(cell) > 0 for cell in rows[label].split(" | "))
    assert rows["waits for the card a step"] == rows["on a card of 8 GB"] == "– | –"


def test_what_does_not_fit_into_the_time_is_left_out(tool):
    call = ["--device", "cpu", "--quick", "--minutes", "0"]
    result = CliRunner().invoke(tool.main, call, catch_exceptions=False)
    assert "| seconds a step | no time left | no time left |" in result.output


def test_without_a_card_it_ends_with_one_line(tool):
    result = CliRunner().invoke(tool.main, [])
    assert result.exit_code == 2 and "GPU" in result.output
