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
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FunctionType
from typing import Any, cast

from moien.audio import EXTENSIONS
from moien.checkout import refuse_another
from moien.corpus.datadir import Utterance, clean_text, read_lines, write_datadir, write_dropped
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


def read_texts(lines: Iterable[str]) -> Iterator[tuple[int, str, str]]:
    """(line number, id, text) of plain texts, one a line, or of a metadata.csv: `id|text|…`.

    The text is the second column, or the column that the header line names text. A plain text has the id "". Blank
    texts are left out.
    """
    column = 1
    for number, line in enumerate(lines, start=1):
        cells = [cell.strip() for cell in line.split("|")]
        if number == 1 and len(cells) > 1 and "text" in cells:
            column = cells.index("text")
        elif text := cells[min(column, len(cells) - 1)]:
            yield number, cells[0] if len(cells) > 1 else "", text


def find_audio(folder: Path) -> dict[str, Path]:
    """Audio files below `folder` by stem; WrongData where two files have one stem."""
    found: dict[str, Path] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in EXTENSIONS and not path.name.startswith("."):
            if path.stem in found:
                raise WrongData(f"two files for one id: {found[path.stem].name} and {path}", where=folder)
            found[path.stem] = path
    return found


def utterance_id(speaker: str, name: str) -> str:
    """A Kaldi utterance id: the speaker first, safe as a file name."""
    safe = "".join(c if c.isalnum() or c in "-_." else "_" for c in name)
    return safe if safe.startswith(speaker) else f"{speaker}-{safe}"


def speaker_name(name: str) -> str:
    """A speaker's name, safe in an id."""
    return "".join(c if c.isalnum() or c == "_" else "_" for c in clean_text(name)).strip("_") or "speaker"


def write_corpus(out: Path, utterances: Sequence[Utterance], dropped: Mapping[str, str]) -> None:
    """Write the data directory of a corpus program and print its size; WrongData if there is no utterance."""
    if not utterances:
        reasons = sorted({reason.partition(":")[0] for reason in dropped.values()})
        raise WrongData(
            "the corpus has no usable utterance" + (f" ({', '.join(reasons)})" if reasons else "")
        )
    write_datadir(out, utterances)
    write_dropped(out, dropped)
    speakers = len({utt.speaker for utt in utterances})
    print(f"{len(utterances)} utterances of {speakers} speakers, {len(dropped)} left out → {os.fspath(out)}")
