"""The options and parameter types that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from moien.recipe.settings import MAX_SEED

FOLDER: click.ParamType = click.Path(exists=True, file_okay=False, path_type=Path)
FILE: click.ParamType = click.Path(exists=True, dir_okay=False, path_type=Path)
NEW_FILE: click.ParamType = click.Path(dir_okay=False, path_type=Path)
TEXT_FILE: click.ParamType = click.File("rb")
SEED: click.ParamType = click.IntRange(0, MAX_SEED)

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
