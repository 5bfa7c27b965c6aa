"""`moien g2p`: texts to phonemes."""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from moien.commands.options import corrections_option, language_option
from moien.errors import WrongCall, WrongData

if TYPE_CHECKING:
    from moien.text import Phonemes


@click.command("g2p")
@click.argument("texts", nargs=-1, metavar="[TEXT]…")
@click.option(
    "--file",
    "files",
    multiple=True,
    type=click.File("rb"),
    help="Read texts, one a line; - is standard input.",
)
@click.option(
    "--words", is_flag=True, help="Print `text<TAB>phonemes`; without TEXT and --file read standard input."
)
@click.option("--explain", "explained", is_flag=True, help="Show span → rule → words → phonemes → source.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object for each text.")
@language_option("Language, as an espeak-ng voice.")
@corrections_option
def main(
    texts: tuple[str, ...],
    files: tuple[Any, ...],
    words: bool,
    explained: bool,
    as_json: bool,
    language: str,
    corrections: Path | None,
) -> None:
    """Convert texts to Kokoro's phonemes."""
    if not texts and not files and not words:
        raise WrongCall("a text, --file or --words is needed", remedy='moien g2p "Moien, wéi geet et?"')
    from moien.text import load_frontend
    from moien.text.settings import G2PSettings

    frontend = load_frontend(G2PSettings(), language, corrections)
    if frontend.lost:
        click.echo(f"note: {frontend.lost}", err=True)
    show = partial(show_phonemes, as_line=words, explained=explained, as_json=as_json)
    for text in texts:
        show(frontend(text))
    failed = 0
    for file in files or ([sys.stdin.buffer] if words and not texts else []):
        for number, line in enumerate(file, start=1):
            try:
                if text := line.decode("utf-8").strip():
                    show(frontend(text))
            except (WrongData, UnicodeDecodeError) as error:
                failed += 1  # one bad line must not cost the rest of a long list
                reason = error.message if isinstance(error, WrongData) else "not UTF-8"
                click.echo(f"error: {getattr(file, 'name', 'standard input')}:{number}: {reason}", err=True)
    if failed:
        raise WrongData(f"lines without phonemes: {failed}", remedy="they are listed above")


def show_phonemes(found: Phonemes, *, as_line: bool, explained: bool, as_json: bool) -> None:
    """Print the phonemes of one text, or text and phonemes on one line, or a table, or JSON."""
    from moien.kokoro.symbols import MAX_PHONEMES
    from moien.text import explain

    if as_json:
        row = found.as_json() | ({"pieces": explain(found)} if explained else {})
        click.echo(json.dumps(row, ensure_ascii=False))
    elif explained:
        show_table(explain(found))
    else:
        click.echo(f"{found.text}\t{found.phonemes}" if as_line else found.phonemes)
    if len(found.phonemes) > MAX_PHONEMES and not as_line:
        click.echo(f"note: {len(found.phonemes)} phonemes; Kokoro reads {MAX_PHONEMES} at once", err=True)


def show_table(rows: list[dict[str, str]]) -> None:
    """Print rows of equal keys as a table, in full width."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, header_style="bold")
    for name in rows[0]:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*row.values())
    Console(width=None if sys.stdout.isatty() else 160).print(table)
