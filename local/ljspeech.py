"""A folder with `metadata.csv` and audio files, in the layout of LJ Speech.

Lines are `id|text` or `id|text|normalised text`. With a header line, the columns (id, text, normalised, speaker,
status, prompt) can be in any order, e.g. `id|speaker|text`. The id is the name of an audio file without its extension,
in FOLDER/wavs or anywhere below FOLDER. Audio is wav, flac, mp3, ogg, opus, AIFF, au, SPHERE, WavPack, AMR or GSM.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from moien.corpus.datadir import Utterance, clean_text
from moien.corpus.programs import Needed
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
@click.option(
    "--folder",
    required=True,
    type=Needed(find_folder),
    help="The corpus: a path, or a folder in MOIEN_MIRROR.",
)
@click.option("--metadata", default="metadata.csv", show_default=True, help="The table in FOLDER.")
@click.option(
    "--speaker",
    default="speaker",
    show_default=True,
    help="Name of the speaker if the table has no such column.",
)
def main(out: Path, folder: str, metadata: str, speaker: str) -> None:
    """Write the data directory OUT."""
    root = find_folder(folder)
    audio = find_audio(root)
    extensions = {path.suffix for path in audio.values()}
    utterances: list[Utterance] = []
    dropped: dict[str, str] = {}
    seen: dict[str, str] = {}  # name → file:line
    for here, row in read_rows(root / metadata):
        file = Path(row["id"])
        name = file.stem if file.suffix in extensions else row["id"]
        if name in seen:
            raise WrongData(f"{name} occurs twice, first in {seen[name]}", where=here)
        seen[name] = here
        reader = speaker_name(row.get("speaker") or speaker)
        text = clean_text(row.get("normalised") or row["text"])
        if name not in audio:
            dropped[name] = f"a text without audio: {here}"
        elif not text:
            dropped[name] = f"an empty text: {here}"
        else:
            utterances.append(
                Utterance(
                    utterance_id(reader, name),
                    reader,
                    text,
                    audio[name],
                    status=row.get("status", ""),
                    prompt=row.get("prompt", ""),
                )
            )
    dropped |= {name: f"audio without a text: {audio[name]}" for name in audio.keys() - seen.keys()}
    write_corpus(out, utterances, dropped)


def read_rows(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """(`file:line`, fields by column) of the table; WrongData for a line with too few or too many columns."""
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
                    remedy=f"add a first line with their names: {', '.join(sorted(COLUMNS))}",
                )
            columns = WITHOUT_HEADER[len(fields)]
        if len(fields) != len(columns):
            raise WrongData(f"{len(fields)} columns, but the table has {'|'.join(columns)}", where=here)
        yield here, dict(zip(columns, fields, strict=True))


if __name__ == "__main__":
    main()
