"""The ways a run can end that are the user's to mend; each prints as one line, never as a traceback."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

INTERRUPTED = 130  # exit code after Ctrl-C, as shells have it


class MoienError(Exception):
    """What is wrong, where (`file:line` or an utterance), and what to do about it."""

    exit_code = 1

    def __init__(self, message: str, where: object = None, remedy: str | None = None) -> None:
        super().__init__(message)
        self.message, self.where, self.remedy = message, where, remedy

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text}\n  → {self.remedy}" if self.remedy else text


class WrongCall(MoienError):
    """The command or its settings are wrong: exit code 2."""

    exit_code = 2


class WrongData(MoienError):
    """A file, corpus or model is wrong: exit code 1."""


class OutOfTime(MoienError):
    """The time limit was reached: exit code 124, as `timeout` has it, so that a script knows to call again."""

    exit_code = 124


@contextmanager
def exit_codes() -> Iterator[None]:
    """Around the body of a program: what its user can mend ends it with one line and an exit code, not a traceback."""
    try:
        yield
    except MoienError as error:
        _exit(error.exit_code, f"error: {error}")
    except KeyboardInterrupt:
        _exit(INTERRUPTED, "interrupted")
    except BrokenPipeError:  # `moien … | head`: Python would report it once more at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except OSError as error:  # no permission, no room, a folder that is a file
        _exit(1, f"error: {error}")


def _exit(code: int, line: str) -> NoReturn:
    print(line, file=sys.stderr, flush=True)
    sys.exit(code)
