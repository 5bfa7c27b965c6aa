"""What a user can mend ends every program in the same way: one line, and an exit code that scripts can read."""

from __future__ import annotations

import ast

import click
import pytest
from click.testing import CliRunner, Result

from moien.cli import Group
from moien.corpus.readers import program
from moien.errors import OutOfTime, WrongCall, WrongData
from moien.recipe import stages
from moien.recipe.settings import ROOT

ENDINGS = [
    (WrongCall("no such key", "settings", "spell it"), 2, "error: settings: no such key\n  → spell it\n"),
    (WrongData("no audio"), 1, "error: no audio\n"),
    (OutOfTime("time is up"), 124, "error: time is up\n"),
    (PermissionError(13, "Permission denied", "x.wav"), 1, "error: [Errno 13] Permission denied: 'x.wav'\n"),
    (KeyboardInterrupt(), 130, "interrupted\n"),
]


def fail(error: BaseException) -> None:
    raise error


def of_moien(error: BaseException, patch: pytest.MonkeyPatch) -> Result:
    group = Group("moien", [click.command("fail")(lambda: fail(error))])
    return CliRunner().invoke(group, ["fail"])


def of_local(error: BaseException, patch: pytest.MonkeyPatch) -> Result:
    def main() -> None:
        fail(error)

    return CliRunner().invoke(program(main), [])


def of_steps(error: BaseException, patch: pytest.MonkeyPatch) -> Result:
    patch.setattr(stages, "execute", lambda *_: fail(error))
    return CliRunner().invoke(stages.stage("data")(lambda run: None), ["--recipe", "mini"])


@pytest.mark.parametrize("call", [of_moien, of_local, of_steps])
@pytest.mark.parametrize(("error", "code", "line"), ENDINGS, ids=lambda value: type(value).__name__)
def test_every_program_ends_alike(call, error, code, line, monkeypatch):
    result = call(error, monkeypatch)
    assert (result.exit_code, result.stderr) == (code, line)


def test_no_program_has_an_ending_of_its_own():
    """`except MoienError` with an exit: only where a process of several names itself as well."""
    own = set()
    for path in (
        p for folder in ("moien", "steps", "local", "tools", "utils") for p in (ROOT / folder).rglob("*.py")
    ):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ExceptHandler) and ".exit_code" in ast.unparse(node):
                own.add(path.relative_to(ROOT).as_posix())
    assert own <= {"moien/errors.py", "moien/train/distributed.py"}
