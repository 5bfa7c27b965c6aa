"""Common Voice as downloaded: the folder of a language with `clips/` and its tsv files.

Speakers are client_ids. A voice needs many clips of one speaker, so clips are filtered by votes, and speakers by the
number of clips that are left.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from moien.corpus.datadir import Utterance, clean_text
from moien.corpus.programs import Needed
from moien.corpus.readers import find_folder, program, read_columns, utterance_id, write_corpus
from moien.corpus.recordings import Recordings
from moien.errors import WrongData
from moien.progress import track

NEEDED = ("client_id", "path", "sentence", "up_votes", "down_votes")
NAME_LENGTH = 12  # hexadecimal digits of a client_id: 48 bits distinguish a million speakers


@program
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--folder",
    required=True,
    type=Needed(find_folder),
    help="The language's folder: a path, or a folder in MOIEN_MIRROR.",
)
@click.option("--tsv", default="validated.tsv", show_default=True, help="The table to read.")
@click.option(
    "--min-up-votes", default=2, show_default=True, type=click.IntRange(0), help="Votes for a clip, at least."
)
@click.option(
    "--max-down-votes",
    default=0,
    show_default=True,
    type=click.IntRange(0),
    help="Votes against a clip, at most.",
)
@click.option(
    "--min-clips", default=50, show_default=True, type=click.IntRange(1), help="Clips of a speaker, at least."
)
def main(out: Path, folder: str, tsv: str, min_up_votes: int, max_down_votes: int, min_clips: int) -> None:
    """Write the data directory OUT."""
    root = find_folder(folder)
    rows = read_rows(root / tsv)
    recordings = Recordings(find_folder(str(root / "clips")))
    seen: dict[str, str] = {}
    wanted = []
    for here, row in rows:
        name = row["path"]
        if name in seen:
            raise WrongData(f"{name} occurs twice, first in {seen[name]}", where=here)
        seen[name] = here
        if votes(row["up_votes"], here) >= min_up_votes and votes(row["down_votes"], here) <= max_down_votes:
            wanted.append((here, row))
    if not wanted:
        raise WrongData(
            f"none of {len(rows)} clips has the votes", where=root / tsv, remedy="lower --min-up-votes"
        )
    places = [(here, row["path"]) for here, row in wanted]
    found = track(recordings.find_all(places), "find clips", total=len(places))
    utterances: list[Utterance] = []
    dropped: dict[str, str] = {}
    for (here, row), audio in zip(wanted, found, strict=True):
        name, text = row["path"], clean_text(row["sentence"])
        if audio is None:
            dropped[name] = f"a text without audio: {here}: {recordings.explain(name)}"
        elif not text:
            dropped[name] = f"an empty text: {here}"
        else:
            speaker = f"cv{row['client_id'][:NAME_LENGTH]}"
            utterances.append(Utterance(utterance_id(speaker, audio.stem), speaker, text, audio))
    count = Counter(utt.speaker for utt in utterances)
    kept = [utt for utt in utterances if count[utt.speaker] >= min_clips]
    few = [speaker for speaker in count if count[speaker] < min_clips]
    # Left out by the options: printed, but not a fault of the corpus.
    print(
        f"{len(rows) - len(wanted)} clips left out by votes; {len(few)} speakers with fewer than {min_clips} clips"
    )
    if utterances and not kept:
        most = max(count.values())
        raise WrongData(
            f"no speaker has {min_clips} clips, the most are {most}",
            where=root / tsv,
            remedy="lower --min-clips",
        )
    write_corpus(out, kept, dropped)


def read_rows(path: Path) -> list[tuple[str, dict[str, str]]]:
    """(`file:line`, fields by column) of a tsv file. Its fields are never quoted."""
    lines = read_columns(path, "\t", range(1, 100))
    columns = next(lines, ("", [""]))[1]
    if missing := [name for name in NEEDED if name not in columns]:
        raise WrongData(f"the header line has no {', '.join(missing)}", where=f"{path}:1")
    rows = []
    for here, fields in lines:
        if len(fields) != len(columns):
            raise WrongData(f"{len(fields)} columns, but the header has {len(columns)}", where=here)
        rows.append((here, dict(zip(columns, fields, strict=True))))
    return rows


def votes(text: str, here: str) -> int:
    """A count of votes."""
    if not text.isdecimal():
        raise WrongData(f"{text!r} is not a number of votes", where=here)
    return int(text)


if __name__ == "__main__":
    main()
