"""Correct a Kaldi data directory where no guess is needed, and print what was done.

The tables become sorted in the C locale, NFC, with single spaces and a newline at the end; spk2utt is made from
utt2spk. Utterances that are missing in wav.scp, text or utt2spk, or whose audio cannot be opened, are left out and
listed. Two different values for one key, or a file that is not UTF-8, are errors. The old tables are kept in
a new folder `DIR/.backup-…`.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from moien.corpus.datadir import Utterance, clean_text, read_lines, write_datadir
from moien.corpus.readers import program
from moien.errors import WrongData

REQUIRED = ("wav.scp", "text", "utt2spk")
OPTIONAL = ("utt2samples", "utt2status", "utt2prompt")
TABLES = (*REQUIRED, *OPTIONAL, "spk2utt", "utt2dur")


@program
@click.argument("directory", type=click.Path(path_type=Path), metavar="DIR")
def main(directory: Path) -> None:
    """Correct DIR."""
    from moien.audio import read_header

    tables = {name: read_loosely(directory / name) for name in REQUIRED + OPTIONAL}
    utterances: list[Utterance] = []
    left_out: dict[str, str] = {}
    for utt in sorted(set().union(*(tables[name] for name in REQUIRED))):
        missing = [name for name in REQUIRED if not tables[name].get(utt)]
        if missing:
            left_out[utt] = f"not in {', '.join(missing)}"
            continue
        audio = directory / tables["wav.scp"][utt]
        try:
            read_header(audio)
        except WrongData as error:
            left_out[utt] = f"{error.message} ({audio})"
            continue
        samples = tables["utt2samples"].get(utt)
        utterances.append(
            Utterance(
                utt,
                tables["utt2spk"][utt],
                tables["text"][utt],
                audio,
                int(samples) if samples and samples.isdecimal() else None,
                tables["utt2status"].get(utt, ""),
                tables["utt2prompt"].get(utt, ""),
            )
        )
    for utt, reason in left_out.items():
        print(f"left out {utt}: {reason}")
    if not utterances:
        raise WrongData("no utterance would be left; nothing was changed", where=directory)
    # A folder beside DIR: after an error DIR is unchanged, and relative paths are valid from there, too.
    real = directory.resolve()
    with tempfile.TemporaryDirectory(dir=real.parent, prefix=f".{real.name}-") as mended:
        write_datadir(mended, utterances)
        backup = Path(tempfile.mkdtemp(dir=real, prefix=".backup-"))  # a new one, so no backup is lost
        for name in TABLES:
            if (real / name).exists():
                (real / name).replace(backup / name)
            if (Path(mended) / name).exists():
                (Path(mended) / name).replace(real / name)
    print(f"{directory}: kept {len(utterances)} utterances, left out {len(left_out)}; old tables in {backup}")


def read_loosely(path: Path) -> dict[str, str]:
    """A table in any order, perhaps with blank or repeated lines; a missing file is an empty table."""
    table: dict[str, str] = {}
    for number, line in enumerate(read_lines(path) if path.exists() else [], start=1):
        key, _, value = clean_text(line).partition(" ")
        if table.get(key, value) != value:
            raise WrongData(f"{key} has another value above", where=f"{path}:{number}", remedy="remove one")
        if key:
            table[key] = value
    return table


if __name__ == "__main__":
    main()
