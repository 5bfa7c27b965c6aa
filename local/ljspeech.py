"""A folder with `metadata.csv` and audio files, in the layout of LJ Speech.

Lines are `id|text` or `id|text|normalised text`. With a header line, the columns (id, text, normalised, speaker,
status, prompt) can be in any order, e.g. `id|speaker|text`; other usual names are known, e.g. `path|sentence`. The id
is the name or path of an audio file, with or without its ending, in FOLDER, FOLDER/wavs or anywhere below. Audio is
wav, flac, mp3, ogg, opus, AIFF, au, SPHERE, WavPack, AMR or GSM. How the table was read is printed.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path

import click

from moien.corpus.datadir import Utterance, read_lines
from moien.corpus.metadata import Metadata, read_metadata
from moien.corpus.programs import Needed
from moien.corpus.readers import find_folder, name_speakers, program, utterance_id, write_corpus
from moien.corpus.recordings import Recordings, fold, printable
from moien.errors import WrongData
from moien.progress import track

SHOWN = 5  # speakers or tables, at most


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
    file = root / metadata
    if not file.is_file():
        tables = sorted(
            path.name for ending in ("csv", "tsv", "psv", "txt") for path in root.glob(f"*.{ending}")
        )
        remedy = f"name the table with --metadata: {', '.join(tables[:SHOWN])}" if tables else None
        raise WrongData("there is no such file", where=file, remedy=remedy)
    lines = read_lines(file)
    recordings = Recordings(root)
    table = read_metadata(lines, str(file), recordings.__contains__)
    places = [(f"{file}:{row.line}", row.id) for row in table.rows]
    readers = [(where, row.speaker or speaker) for (where, _), row in zip(places, table.rows, strict=True)]
    known = name_speakers(readers)
    speakers = [known[name] for _, name in readers]
    found = list(track(recordings.find_all(places), "find recordings", total=len(places)))
    show(table, speakers, found[0], root)
    names = name_files({path for path in found if path}, root)
    utterances: list[Utterance] = []
    dropped: dict[str, str] = {}
    seen: dict[object, str] = {}  # file, or name without a file → file:line
    for (where, name), row, path, reader in zip(places, table.rows, found, speakers, strict=True):
        if (path or name) in seen:
            raise WrongData(f"{name} occurs twice, first in {seen[path or name]}", where=where)
        seen[path or name] = where
        if path is None:
            dropped[name or where] = f"a text without audio: {where}: {recordings.explain(name)}"
        elif not row.text:
            dropped[names[path]] = f"an empty text: {where}"
        else:
            utt = utterance_id(reader, names[path])
            utterances.append(Utterance(utt, reader, row.text, path, status=row.status, prompt=row.prompt))
    if unused := [name for name in recordings.files if root / name not in seen]:
        print(f"{len(unused)} audio files are not in the table, e.g. {printable(unused[0])}")
    write_corpus(out, utterances, dropped)


def show(table: Metadata, speakers: Sequence[str], first: Path | None, root: Path) -> None:
    """Print how the table was read: its columns, its speakers and its first row."""
    most = [f"{name} ({count})" for name, count in Counter(speakers).most_common()]
    row = table.rows[0]
    audio = (
        printable(first.relative_to(root) if first.is_relative_to(root) else first) if first else "no audio"
    )
    print(f"{len(table.rows)} rows; columns: {table.columns}")
    print(f"speakers: {', '.join(most[:SHOWN])}{f' and {len(most) - SHOWN} more' if most[SHOWN:] else ''}")
    print(f"first row: {row.id} ({audio}), {speakers[0]}: {row.text}", flush=True)


def name_files(paths: Collection[Path], root: Path) -> dict[Path, str]:
    """What ids call each file: its name without ending, with its folder where several files have that name."""
    count = Counter(fold(path.stem) for path in paths)
    return {
        path: path.stem if count[fold(path.stem)] == 1 else _with_folder(path, root).replace(os.sep, "_")
        for path in paths
    }


def _with_folder(path: Path, root: Path) -> str:
    inside = path.relative_to(root) if path.is_relative_to(root) else path
    return str(inside.with_suffix("")).lstrip(os.sep)


if __name__ == "__main__":
    main()
