"""Any folder with `metadata.csv` and audio files (wav, flac, mp3, ogg, opus), as LJ Speech has them.

Lines are `id|text`, `id|text|normalised text` or, with a header line that names the columns (id, text,
normalised, speaker, status, prompt), any order of them: `id|speaker|text`. The id is the name of an audio file
without its ending, in FOLDER/wavs or anywhere below FOLDER.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from moien.corpus.datadir import Utterance, clean_text
from moien.corpus.readers import (
    find_audio,
    find_folder,
    program,
    read_columns,
    speaker_name,
    utterance_id,
    write_corpus,
)
from moien.errors import WrongData

COLUMNS = {"id", "text", "normalised", "speaker", "status", "prompt"}
WITHOUT_HEADER = {2: ["id", "text"], 3: ["id", "text", "normalised"]}


@program
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--folder", required=True, help="The corpus: a path, or a folder in one of MOIEN_MIRROR.")
@click.option("--metadata", default="metadata.csv", show_default=True, help="The table, below FOLDER.")
@click.option("--speaker", default="speaker", show_default=True, help="Name where no column says it.")
def main(out: Path, folder: str, metadata: str, speaker: str) -> None:
    """Write the data directory OUT."""
    root = find_folder(folder)
    audio = find_audio(root)
    utterances: list[Utterance] = []
    dropped: dict[str, str] = {}
    seen: dict[str, str] = {}  # name → file:line
    for here, row in read_rows(root / metadata):
        name = (
            Path(row["id"]).stem
            if Path(row["id"]).suffix in {p.suffix for p in audio.values()}
            else row["id"]
        )
        if name in seen:
            raise WrongData(f"{name} stands here for the second time, first in {seen[name]}", where=here)
        seen[name] = here
        who = speaker_name(row.get("speaker") or speaker)
        text = clean_text(row.get("normalised") or row["text"])
        if name not in audio:
            dropped[name] = f"a text without audio: {here}"
        elif not text:
            dropped[name] = f"an empty text: {here}"
        else:
            utterances.append(
                Utterance(
                    utterance_id(who, name),
                    who,
                    text,
                    audio[name],
                    status=row.get("status", ""),
                    prompt=row.get("prompt", ""),
                )
            )
    dropped |= {name: f"audio without a text: {audio[name]}" for name in audio.keys() - seen.keys()}
    write_corpus(out, utterances, dropped)


def read_rows(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """(`file:line`, fields by column) of the table; WrongData for a line with a column too few or too many."""
    columns: list[str] = []
    for here, fields in read_columns(path, "|", range(2, len(COLUMNS) + 1)):
        if not columns:
            header = [field.casefold() for field in fields]
            if set(header) <= COLUMNS and {"id", "text"} <= set(header):
                columns = header
                continue
            if len(fields) not in WITHOUT_HEADER:
                raise WrongData(
                    f"{len(fields)} columns without a header line",
                    where=here,
                    remedy=f"begin with a line of their names: {', '.join(sorted(COLUMNS))}",
                )
            columns = WITHOUT_HEADER[len(fields)]
        if len(fields) != len(columns):
            raise WrongData(f"{len(fields)} columns, but the table has {'|'.join(columns)}", where=here)
        yield here, dict(zip(columns, fields, strict=True))


if __name__ == "__main__":
    main()
