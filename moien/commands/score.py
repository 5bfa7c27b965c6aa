"""`moien score`: the scores of any system's speech."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import Any

import click

from moien.commands.options import FILE, FOLDER, NEW_FILE, TEXT_FILE, Command, jobs_option, language_option
from moien.errors import WrongCall


@click.command("score", cls=Command)
@click.option("--natural", required=True, type=FOLDER, help="Recordings of people.")
@click.option("--synthetic", required=True, type=FOLDER, help="The same sentences by any system.")
@click.option(
    "--text", "metadata", type=TEXT_FILE, help="metadata.csv: id|text, or columns named in a header line."
)
@language_option("Language of the texts.")
@click.option(
    "--recogniser", type=FILE, help="Add the phone error: e.g. exp/lb/score/recogniser.safetensors."
)
@click.option("--json", "target", type=NEW_FILE, help="Write the scores to a file.")
@click.option("--keep-going", is_flag=True, help="Leave out what is broken or has no partner, and list it.")
@jobs_option
def main(
    natural: Path,
    synthetic: Path,
    metadata: Any,
    language: str,
    recogniser: Path | None,
    target: Path | None,
    keep_going: bool,
    nj: int | None,
) -> None:
    """Score the speech of any system against recordings: two folders of wavs, paired by file name."""
    if recogniser and not metadata:
        raise WrongCall("--recogniser needs the texts", remedy="add --text metadata.csv")
    from rich.console import Console

    from moien.corpus.readers import read_named_texts
    from moien.recipe.settings import SystemSettings
    from moien.report.table import terminal_table, verdict
    from moien.score.folders import score_folders
    from moien.text import load_frontend
    from moien.text.settings import G2PSettings

    texts = read_named_texts(metadata.read(), metadata.name) if metadata else {}
    scores, sentences = score_folders(
        natural,
        synthetic,
        texts,
        load_frontend(G2PSettings(), language) if texts else None,
        recogniser,
        jobs=nj or SystemSettings().nj,
        keep_going=keep_going,
        command=shlex.join(["moien", *sys.argv[1:]]),
    )
    if target is not None:
        facts = scores | {"sentences": [sentence.as_json() for sentence in sentences]}  # for `moien compare`
        target.write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    Console().print(terminal_table(scores, title=scores["recipe"]), verdict(scores))
