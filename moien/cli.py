"""The command `moien`: a list of the commands in `moien/commands/`, which keep their imports light."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from moien import __version__
from moien.checkout import refuse_another
from moien.commands import (
    check_g2p,
    clone_style,
    compare,
    conform,
    diff,
    g2p,
    inspect,
    listen,
    run,
    say,
    score,
    train,
)
from moien.errors import exit_codes


class Group(click.Group):
    """Turns the errors that the user can mend into one line and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        with exit_codes():
            if Path(sys.argv[0]).name == "moien":  # the installed command; others run the code beside them
                refuse_another(Path.cwd())
            return super().invoke(ctx)


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """Fine-tune Kokoro-82M on a new language, in numbered stages."""


for command in (run, train, inspect, g2p, check_g2p, clone_style, say, score, compare, diff, conform, listen):
    main.add_command(command.main)
