"""`moien check-g2p`: what the front end makes of a corpus's texts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from moien.commands.options import TEXT_FILE, Command, corrections_option, language_option, page_option
from moien.errors import WrongData


@click.command("check-g2p", cls=Command)
@click.argument("file", type=TEXT_FILE)
@language_option("Language, as an espeak-ng voice.")
@corrections_option
@page_option
def main(file: Any, language: str, corrections: Path | None, output: Path | None) -> None:
    """Show what the front end makes of the texts in FILE, one a line: words by source, guesses, symbols.

    Of a table (`id|text|…`, as local/ljspeech.py reads it) it reads the text that is spoken.
    """
    from moien.corpus.readers import read_texts
    from moien.report.survey_page import show_survey, write_survey
    from moien.text import load_frontend
    from moien.text.settings import G2PSettings
    from moien.text.survey import Survey

    frontend = load_frontend(G2PSettings(), language, corrections)
    if frontend.lost:
        click.echo(f"note: {frontend.lost}", err=True)
    survey, failed = Survey(), 0
    for number, _, text in read_texts(file.read(), file.name):
        try:
            survey.add(f"line {number}", frontend(text))
        except WrongData as error:
            failed += 1
            click.echo(f"error: {file.name}:{number}: {error.message}", err=True)
    show_survey(survey.table())
    if output is not None:
        write_survey(output, survey.table(), title=Path(file.name).name, language=language)
        click.echo(f"page: {output}")
    if failed:
        raise WrongData(f"lines without phonemes: {failed}", where=file.name, remedy="they are listed above")
