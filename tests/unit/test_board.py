"""What training shows on a terminal, and what elsewhere."""

from __future__ import annotations

import io
import sys

import pytest
from rich.console import Console

from moien.train import board
from moien.train.board import Board


def drawn(shown: Board) -> str:
    console = Console(file=io.StringIO(), width=80)
    console.print(shown.table())
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_the_table_tells_every_loss_now_of_late_and_on_dev(monkeypatch):
    clock = iter([100.0, 106.0])
    monkeypatch.setattr(board.time, "monotonic", lambda: next(clock))
    shown = Board("acoustic", done=60, steps=300)
    shown.dev = {"mel": 0.5}
    for value in (2.0, 1.0):
        shown.step({"mel": value, "stft": value / 4})
    table = drawn(shown)
    assert "acoustic: step 62 of 300, 3.00 s a step, 11:54 left" in table
    rows = [line.strip("│ ").split() for line in table.splitlines()]
    assert ["mel", "│", "1.0000", "│", "1.9500", "│", "0.5000"] in rows
    assert ["stft", "│", "0.2500", "│", "0.4875"] in rows


def test_before_the_first_step_it_promises_nothing():
    assert drawn(Board("prosody", 0, 9)).startswith("prosody: step 0 of 9\n")


@pytest.mark.parametrize("terminal", [True, False])
def test_every_batch_is_handed_on_and_lines_said_meanwhile_are_kept(monkeypatch, capsys, terminal):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal, raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1") if terminal else None
    seen = []
    for batch in (shown := Board("prosody", 0, 3)).over(range(3)):
        shown.step({"f0": float(batch)})
        print("train: a line", flush=True)
        seen.append(batch)
    assert seen == [0, 1, 2]
    assert capsys.readouterr().out.count("train: a line") == 3
