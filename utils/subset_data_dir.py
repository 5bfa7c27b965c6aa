"""Make a smaller data directory: utterances chosen by a hash of their ids, or listed in a file.

The choice by hash is the same in every run and spread over the whole corpus, and the first 100 are among the first 200.
The audio stays where it is.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import click

from moien.corpus.datadir import Utterance, read_datadir, read_lines, write_datadir
from moien.corpus.readers import program
from moien.errors import WrongCall, WrongData


@program
@click.argument("source", type=click.Path(path_type=Path))
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--utterances", type=click.IntRange(1), help="How many utterances.")
@click.option("--per-speaker", type=click.IntRange(1), help="How many utterances of each speaker.")
@click.option("--speaker", "speakers", multiple=True, help="Only this speaker; may be repeated.")
@click.option("--list", "named", type=click.Path(path_type=Path), help="A file of utterance ids, one a line.")
def main(
    source: Path,
    target: Path,
    utterances: int | None,
    per_speaker: int | None,
    speakers: tuple[str, ...],
    named: Path | None,
) -> None:
    """Write a subset of SOURCE to TARGET."""
    if not (utterances or per_speaker or speakers or named):
        raise WrongCall(
            "an option for the choice is missing", remedy="--utterances, --per-speaker, --speaker or --list"
        )
    if target.exists():
        raise WrongCall("TARGET already exists", where=target)
    chosen = sorted(read_datadir(source), key=lambda utt: hashlib.sha256(utt.id.encode()).digest())
    if named:
        wanted = {line.strip(): number for number, line in enumerate(read_lines(named), 1) if line.strip()}
        for utt in wanted.keys() - {u.id for u in chosen}:
            raise WrongData(f"{utt} is not in {source}", where=f"{named}:{wanted[utt]}")
        chosen = [utt for utt in chosen if utt.id in wanted]
    if unknown := set(speakers) - {utt.speaker for utt in chosen}:
        raise WrongData(f"there is no speaker {', '.join(sorted(unknown))}", where=source)
    if speakers:
        chosen = [utt for utt in chosen if utt.speaker in speakers]
    if per_speaker:
        chosen = first_of_each(chosen, per_speaker)
    chosen = chosen[:utterances]
    write_datadir(target, chosen)
    print(f"{target}: {len(chosen)} utterances of {len({utt.speaker for utt in chosen})} speakers")


def first_of_each(utterances: list[Utterance], count: int) -> list[Utterance]:
    """The first `count` of each speaker."""
    seen: dict[str, int] = {}
    kept = []
    for utt in utterances:
        seen[utt.speaker] = seen.get(utt.speaker, 0) + 1
        if seen[utt.speaker] <= count:
            kept.append(utt)
    return kept


if __name__ == "__main__":
    main()
