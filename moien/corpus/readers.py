"""The common part of the programs in `local/`, and how stage 1 runs one of them.

A corpus program is called as `python local/NAME.py OUT_DIR [--option value …]`. It writes a data directory of the raw
corpus; the audio stays where it is. What it leaves out is listed in `OUT_DIR/dropped.tsv` with a reason, and stage 1
counts it.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FunctionType
from typing import Any, cast

from moien.checkout import refuse_another
from moien.corpus.datadir import (
    Utterance,
    clean_text,
    decode_lines,
    read_lines,
    write_datadir,
    write_dropped,
)
from moien.corpus.metadata import is_table, read_metadata
from moien.corpus.recordings import base_name
from moien.errors import WrongCall, WrongData, exit_codes
from moien.fetch import find_in_mirror


def program(function: Callable[..., None]) -> Callable[..., Any]:
    """A click command whose help is the module's docstring and whose errors are one line and an exit code.

    A folder `out` must be new (else WrongCall), and after an error it is removed.
    """
    import click

    names = cast(FunctionType, function).__globals__

    @functools.wraps(function)
    @exit_codes()
    def checked(**options: Any) -> None:
        refuse_another(Path(names["__file__"]).parents[1])
        out = options.get("out")
        if out is None:
            return function(**options)
        if out.is_symlink() or (out.exists() and not out.is_dir()) or any(out.glob("*")):
            raise WrongCall("this exists; nothing in it is replaced", where=out, remedy="name a new folder")
        try:
            function(**options)
        except BaseException:  # so that the same call can be tried again
            shutil.rmtree(out, ignore_errors=True)
            raise

    description = (names["__doc__"] or "").strip()
    return click.command(help=description, context_settings={"help_option_names": ["-h", "--help"]})(checked)


def run_program(path: Path, options: Mapping[str, Any], out: Path) -> None:
    """Run a corpus program. Its options become a list of arguments, never a shell command."""
    if not path.is_file():
        raise WrongCall(f"there is no corpus program {path}", remedy="corpus.program names a file in local/")
    done = subprocess.run([sys.executable, str(path), str(out), *as_arguments(options)], check=False)
    if done.returncode:
        error = WrongCall if done.returncode == 2 else WrongData
        raise error(f"{path.name} failed with exit code {done.returncode}: see above", where="the raw corpus")


def as_arguments(options: Mapping[str, Any]) -> list[str]:
    """`{"min_votes": 2, "all": True, "lang": ["a", "b"]}` → `--min-votes 2 --all --lang a --lang b`."""
    arguments: list[str] = []
    for key, value in options.items():
        name = "--" + key.replace("_", "-")
        if value is True:
            arguments.append(name)
        elif value is not False and value is not None:
            for item in value if isinstance(value, (list, tuple)) else [value]:
                arguments += [name, str(item)]
    return arguments


def find_folder(folder: str) -> Path:
    """A corpus folder: the path itself, or a folder of that name in `MOIEN_MIRROR`.

    With the mirror, a recipe's settings need no path of one machine.
    """
    found = Path(folder).expanduser()
    if found.is_dir():
        return found.resolve()
    if (mirrored := find_in_mirror(folder)) is not None and mirrored.is_dir():
        return mirrored
    raise WrongData(
        "there is no such corpus folder",
        where=folder,
        remedy="give its path, or set MOIEN_MIRROR to the folder that contains it",
    )


def read_columns(path: Path, separator: str, columns: Sequence[int]) -> Iterator[tuple[str, list[str]]]:
    """(`file:line`, fields) of every line that is not blank; WrongData for another number of columns."""
    for number, line in enumerate(read_lines(path), start=1):
        if not line.strip():
            continue
        fields = [field.strip() for field in line.rstrip("\r").split(separator)]
        here = f"{path}:{number}"
        if len(fields) not in columns:
            wanted = " or ".join(map(str, columns))
            raise WrongData(f"{len(fields)} columns where {wanted} are needed: {line[:80]!r}", where=here)
        yield here, fields


def read_texts(data: bytes, name: str) -> Iterator[tuple[int, str, str]]:
    """(line number, id, text) of a file of plain texts, one a line, or of a table as `read_metadata` reads it.

    A plain text has the id "". Blank texts are left out.
    """
    lines = decode_lines(data, name)
    if is_table(lines):
        found = [(row.line, row.id, row.text) for row in read_metadata(lines, name).rows]
    else:
        found = [(number, "", line.strip()) for number, line in enumerate(lines, start=1)]
    return (row for row in found if row[2])


def read_named_texts(data: bytes, name: str) -> dict[str, str]:
    """Name of a recording without folder and ending → text, of a table; WrongData for a name that is there twice."""
    texts: dict[str, str] = {}
    for number, cell, text in read_texts(data, name):
        if not cell:
            raise WrongData("there is no line id|text", where=f"{name}:{number}")
        if (base := base_name(cell)) in texts:
            raise WrongData(f"{base} occurs twice", where=f"{name}:{number}")
        texts[base] = text
    if not texts:
        raise WrongData("there is no line id|text", where=name)
    return texts


def utterance_id(speaker: str, name: str) -> str:
    """A Kaldi utterance id: the speaker first, safe as a file name."""
    safe = _safe(name, "-_.")
    return safe if safe.startswith(speaker) else f"{speaker}-{safe}"


def speaker_name(name: str) -> str:
    """A speaker's name, safe in an id."""
    return _safe(clean_text(name), "_").strip("_") or "speaker"


def _safe(name: str, others: str) -> str:
    """Letters with their marks and digits stay; the rest, but for `others`, becomes _."""
    composed = unicodedata.normalize("NFC", name)
    return "".join(c if c in others or unicodedata.category(c)[0] in "LMN" else "_" for c in composed)


def name_speakers(names: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Name in a table → speaker, for (`file:line`, name); WrongData if two names would be one speaker."""
    found: dict[str, str] = {}
    first: dict[str, str] = {}
    for where, name in names:
        if name not in found:
            found[name], whole = speaker_name(name), clean_text(name)
            if (other := first.setdefault(found[name], whole)) != whole:
                raise WrongData(
                    f"the speakers {other!r} and {whole!r} would both be {found[name]}",
                    where=where,
                    remedy="name them by letters, digits and _",
                )
    return found


def write_corpus(out: Path, utterances: Sequence[Utterance], dropped: Mapping[str, str]) -> None:
    """Write the data directory of a corpus program and print its size; WrongData if there is no utterance."""
    if not utterances:
        details: dict[str, list[str]] = defaultdict(list)
        for reason in dropped.values():
            kind, _, detail = reason.partition(": ")
            details[kind].append(detail)
        found = [f"{len(some)} times {kind}, e.g. {some[0]}" for kind, some in details.items()]
        raise WrongData(f"the corpus has no usable utterance: {'; '.join(found) or 'it is empty'}")
    write_datadir(out, utterances)
    write_dropped(out, dropped)
    speakers = len({utt.speaker for utt in utterances})
    print(f"{len(utterances)} utterances of {speakers} speakers, {len(dropped)} left out → {os.fspath(out)}")
