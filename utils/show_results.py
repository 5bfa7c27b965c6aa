"""Print the scores of finished recipes side by side: natural, stock and trained, as stage 8 left them."""

from __future__ import annotations

from pathlib import Path

import click

from moien.corpus import program
from moien.errors import WrongData


@program
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="[SCORES.JSON]…")
def main(files: tuple[Path, ...]) -> None:
    """Print each file; without any, exp/*/score/scores.json of this checkout."""
    from rich.console import Console

    from moien.config import ROOT
    from moien.report.table import read_scores, terminal_table, verdict

    files = files or tuple(sorted((ROOT / "exp").glob("*/score/scores.json")))
    if not files:
        raise WrongData("there are no scores yet", where=ROOT / "exp", remedy="make demo")
    console = Console()
    for file in files:
        scores = read_scores(file)
        console.print(terminal_table(scores, title=str(file)), verdict(scores), "")


if __name__ == "__main__":
    main()
