"""What a corpus program needs, as far as its options tell: stage 0 finds out without running it."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from moien.corpus.readers import as_arguments
from moien.errors import WrongCall, WrongData


class Needed(click.ParamType):
    """Type of an option that names a file or a folder of the corpus: `find` raises WrongData where it is missing."""

    name = "path"

    def __init__(self, find: Callable[[str], object]) -> None:
        self.find = find


def check_options(path: Path, options: Mapping[str, Any]) -> None:
    """Check the options of a corpus program as the program itself does; nothing is read or written.

    Of a program without `moien.corpus.readers.program`, only its file is checked.

    Raises:
        WrongCall: no such program, an unknown option, or one with a wrong value.
        WrongData: what an option names is missing.
    """
    if not path.is_file():
        raise WrongCall(f"there is no corpus program {path}", remedy="corpus.program names a file in local/")
    if b"@program" not in path.read_bytes():
        return
    sys.path.insert(0, str(path.parent))  # as for a script
    try:
        command: click.Command = runpy.run_path(str(path))["main"]
    except Exception as error:  # whatever the user's program raises
        raise WrongData(f"cannot be imported: {error!r}", where=path) from error
    finally:
        sys.path.remove(str(path.parent))
    try:
        context = command.make_context(path.name, ["OUT", *as_arguments(options)])
    except click.ClickException as error:
        raise WrongCall(error.format_message(), f"corpus.options of {path.name}", f"{path} --help") from None
    for parameter in command.params:
        value = context.params.get(parameter.name or "")
        if isinstance(parameter.type, Needed) and value:
            for name in value if isinstance(value, tuple) else (value,):
                parameter.type.find(name)
