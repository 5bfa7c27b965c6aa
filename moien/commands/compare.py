"""`moien compare`: finished runs against each other."""

from __future__ import annotations

from pathlib import Path

import click

from moien.commands.options import Command, page_option


@click.command("compare", cls=Command)
@click.argument("runs", nargs=-1, metavar="RUN RUN…")
@page_option
def main(runs: tuple[str, ...], output: Path | None) -> None:
    """Compare runs with the first one, sentence by sentence.

    A RUN is a recipe, a folder like exp/R or a copy of it, or a file from `moien score --json`.
    """
    from rich.console import Console

    from moien.recipe.settings import SystemSettings
    from moien.report.compare import compare_table, comparison, recordings, verdicts, write_compare
    from moien.report.runs import read_natural, read_run
    from moien.score.bootstrap import RESAMPLES

    found = [read_run(name) for name in runs]
    data = comparison(found, RESAMPLES, seed=0)
    Console().print(compare_table(data), *verdicts(data), sep="\n")
    if output is not None:
        write_compare(output, data, recordings(data, read_natural(found)), jobs=SystemSettings().nj)
        click.echo(f"page: {output}")
