"""The options and parameter types that several commands share."""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from moien.errors import WrongCall
from moien.recipe.settings import MAX_SEED


class NewFile(click.Path):
    """A file to write: whether it can be written is found before the work, not after it."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path; a usage error without a name, or where its folder is missing or closed."""
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        if not path.name:
            self.fail("a file needs a name", param, ctx)
        if not path.parent.is_dir():
            self.fail(f"there is no folder {str(path.parent)!r}", param, ctx)
        if not os.access(path.parent, os.W_OK):
            self.fail(f"the folder {str(path.parent)!r} cannot be written to", param, ctx)
        return path


class Number(click.FloatRange):
    """A number between bounds, which NaN is not."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number."""
        number = super().convert(value, param, ctx)
        if math.isnan(number):
            self.fail(f"{value!r} is not a number", param, ctx)
        return float(number)


FOLDER: click.ParamType = click.Path(exists=True, file_okay=False, path_type=Path)
FILE: click.ParamType = click.Path(exists=True, dir_okay=False, path_type=Path)
NEW_FILE: click.ParamType = NewFile(dir_okay=False, path_type=Path)
TEXT_FILE: click.ParamType = click.File("rb")
SEED: click.ParamType = click.IntRange(0, MAX_SEED)


class Command(click.Command):
    """A command that writes no NEW_FILE over what it reads: its files, or a file in its folders."""

    def invoke(self, ctx: click.Context) -> Any:
        """Check, then run."""
        values = {param: ctx.params.get(param.name or "") for param in self.params}
        read = [
            path for param, value in values.items() if param.type is not NEW_FILE for path in _paths(value)
        ]
        for param, value in values.items():
            if param.type is NEW_FILE and value is not None and value.exists():
                for path in read:
                    if value.resolve().is_relative_to(path.resolve()):
                        raise WrongCall(
                            f"{param.opts[-1]} would replace what the command reads in {path}",
                            where=value,
                            remedy="name another file",
                        )
        return super().invoke(ctx)


def _paths(value: Any) -> Iterator[Path]:
    """The existing files and folders that a parameter names."""
    for item in value if isinstance(value, tuple) else [value]:
        name = getattr(item, "name", item) if not isinstance(item, Path) else item
        with contextlib.suppress(OSError, ValueError):  # too long, or a NUL: no path
            if isinstance(name, (str, Path)) and str(name) and Path(name).exists():
                yield Path(name)


Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

settings_option: Decorator = click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override a setting; may be repeated."
)
page_option: Decorator = click.option("-o", "--output", type=NEW_FILE, help="Write a page (HTML) as well.")
jobs_option: Decorator = click.option(
    "--nj", type=click.IntRange(1, 256), help="Parallel jobs; they do not change the results."
)
corrections_option: Decorator = click.option(
    "--corrections",
    type=FILE,
    help="A file of pronunciations that come before all others, e.g. recipes/lb/lexicon.tsv.",
)


def recipe_option(default: str | None, text: str = "Name of a folder in recipes/, or a path.") -> Decorator:
    """`--recipe`."""
    return click.option("--recipe", default=default, show_default=True, help=text)


def language_option(text: str) -> Decorator:
    """`--language`."""
    return click.option("--language", default="lb", show_default=True, help=text)
