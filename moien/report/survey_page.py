"""The page and the table of the phonemes that a front end gives for a corpus (`moien.text.survey`)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from moien.report import html

GUESSES_SHOWN = 20  # in the terminal; the page shows all of the table


def write_survey(path: Path, table: Mapping[str, Any], title: str, language: str) -> None:
    """Write one HTML file without any reference to another; `table` is `Survey.table()`."""
    page = html.render("survey.html.j2", **table, title=title, language=language)
    path.write_text(page, encoding="utf-8")


def show_survey(table: Mapping[str, Any]) -> None:
    """Print words by source and the most frequent guesses."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    total = table["words"] or 1
    sources = Table("source", "words", "share", box=None)
    for source, count in table["sources"].items():
        sources.add_row(source, str(count), f"{count / total:.1%}")
    console.print(sources)
    if table["guessed"]:
        guesses = Table("guessed", "phonemes", "times", box=None)
        for row in table["guessed"][:GUESSES_SHOWN]:
            guesses.add_row(row["word"], row["phonemes"], str(row["count"]))
        console.print(guesses)
    symbols, sentences = len(table["symbols"]), len(table["sentences"])
    console.print(f"{symbols} different symbols, {sentences} sentences to look at")
