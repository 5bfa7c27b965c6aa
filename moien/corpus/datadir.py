"""Kaldi data directories: the form of every corpus in the recipe.

    wav.scp      utterance → audio file (absolute, or relative to the directory)     required
    text         utterance → its words                                               required
    utt2spk      utterance → speaker                                                 required
    spk2utt      speaker → its utterances: the inverse of utt2spk                    required
    utt2samples  utterance → samples at 24 kHz (processed data); utt2dur in seconds  optional
    utt2status   utterance → how reliable its text is                                optional
    utt2prompt   utterance → the prompt that was read, whole or in part              optional

Nothing is skipped: a file that is not UTF-8, not sorted in the C locale, incomplete or inconsistent with the others is
an error with `file:line`. Audio is not opened here (`moien.audio`).
"""

from __future__ import annotations

import codecs
import os
import shlex
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from moien.audio import SAMPLE_RATE
from moien.errors import WrongData

SPLITS = ("train", "dev", "test")
MAX_ID_BYTES = 200  # an id becomes a file name
DROPPED = "dropped.tsv"
RECORDED = "recorded"  # folder of stage 1 with the original files of the test split


@dataclass(frozen=True)
class Utterance:
    """One recording and its text. `samples` at 24 kHz are known after stage 1; "" is an unknown status or prompt."""

    id: str
    speaker: str
    text: str
    audio: Path
    samples: int | None = None
    status: str = ""
    prompt: str = ""


def clean_text(text: str) -> str:
    """Unicode NFC, and one space for every run of white space, so that the text fits on one line of `text`."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def c_sorted(keys: Iterable[str]) -> list[str]:
    """Sorted by bytes, as `LC_ALL=C sort` does."""
    return sorted(keys, key=str.encode)


def read_lines(path: Path) -> list[str]:
    """The lines of a text file; WrongData with `file:line` if it is missing or not UTF-8."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise WrongData("there is no such file", where=path) from None
    return decode_lines(data, path)


def decode_lines(data: bytes, name: str | Path) -> list[str]:
    """The lines of a text in UTF-8, with or without a byte order mark, that end in \\n, \\r\\n or \\r.

    WrongData with `name:line` and the program that converts the file.
    """
    path = shlex.quote(str(name))
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in data[:2]:  # of an ASCII letter
        kind = "utf-16be" if data[:1] == b"\0" else "utf-16le" if data[1:2] == b"\0" else "utf-16"
        raise WrongData(
            "not UTF-8 but UTF-16",
            where=f"{name}:1",
            remedy=f"iconv -f {kind} -t utf-8 {path} > NEW",
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise WrongData(
            f"not UTF-8 (byte 0x{error.object[error.start]:02x})",
            where=f"{name}:{line}",
            remedy=f"if it is latin-1: iconv -f latin1 -t utf-8 {path} > NEW",
        ) from None
    lines = text.split("\n") if "\n" in text else text.split("\r")
    return lines if lines[-1] else lines[:-1]


def read_table(path: Path) -> dict[str, str]:
    """key → rest of the line.

    WrongData unless keys are unique, in C order and with values, and the file ends in a newline.
    """
    table: dict[str, str] = {}
    previous = b""
    for number, line in enumerate(read_lines(path), start=1):
        key, _, value = line.partition(" ")
        value, place = value.strip(), key.encode()
        if not key or not value:
            raise WrongData(f"a key and a value are needed, not {line!r}", where=f"{path}:{number}")
        if key in table:
            raise WrongData(f"{key} occurs twice", where=f"{path}:{number}")
        if place < previous:
            raise WrongData(
                f"{key} is out of order",
                where=f"{path}:{number}",
                remedy="utils/fix_data_dir.py sorts in the C locale",
            )
        previous = place
        table[key] = value
    if table and not path.read_bytes().endswith(b"\n"):
        raise WrongData("the last line has no newline: was it cut?", where=path)
    return table


def read_datadir(path: str | Path) -> list[Utterance]:
    """The utterances of a data directory in C order; WrongData at the first fault."""
    path = Path(path)
    if not path.is_dir():
        raise WrongData("there is no such data directory", where=path)
    names = path / "utt2spk"
    speakers = read_table(names)
    if not speakers:
        raise WrongData("the data directory is empty: no utterance", where=names)
    lines = {utt: number for number, utt in enumerate(speakers, start=1)}
    for utt, speaker in speakers.items():
        _check_names(utt, speaker, f"{names}:{lines[utt]}")
    _check_inverse(path, speakers)
    audio = _read_beside(path, "wav.scp", speakers)
    texts = _read_beside(path, "text", speakers)
    samples = _read_beside(path, "utt2samples", speakers, optional=True)
    status = _read_beside(path, "utt2status", speakers, optional=True)
    prompts = _read_beside(path, "utt2prompt", speakers, optional=True)
    for utt, value in audio.items():
        if value.endswith("|"):  # Kaldi runs it as a command; here nothing in a data directory is run
            raise WrongData("a pipe instead of a file", where=f"{path / 'wav.scp'}:{lines[utt]}")
    for utt, text in texts.items():
        if text != clean_text(text):
            raise WrongData(
                "not in Unicode NFC, or with double spaces",
                where=f"{path / 'text'}:{lines[utt]}",
                remedy="utils/fix_data_dir.py corrects it",
            )
    for utt, value in samples.items():
        if not value.isdecimal() or not int(value):
            raise WrongData(
                f"{value!r} is not a number of samples", where=f"{path / 'utt2samples'}:{lines[utt]}"
            )
    return [
        Utterance(
            utt,
            speaker,
            texts[utt],
            path / audio[utt],
            int(samples[utt]) if samples else None,
            status.get(utt, ""),
            prompts.get(utt, ""),
        )
        for utt, speaker in speakers.items()
    ]


def write_datadir(path: str | Path, utterances: Iterable[Utterance]) -> None:
    """Write the sorted tables of a data directory; paths of audio below the parent of `path` are relative.

    So `data/R/train` and `data/R/wav` can be moved together. WrongData for a duplicate id or a bad name.
    """
    path = Path(path)
    path.mkdir(parents=True, exist_ok=True)
    by_id: dict[str, Utterance] = {}
    for utt in utterances:
        _check_names(utt.id, utt.speaker, f"utterance {utt.id}")
        if utt.id in by_id:
            raise WrongData("two utterances have this id", where=f"utterance {utt.id}")
        if not clean_text(utt.text):
            raise WrongData("the text is empty", where=f"utterance {utt.id}")
        by_id[utt.id] = utt
    ordered = [by_id[key] for key in c_sorted(by_id)]
    speakers: dict[str, list[str]] = defaultdict(list)
    for utt in ordered:
        speakers[utt.speaker].append(utt.id)
    portable = _portable(path)
    write_table(path / "wav.scp", {u.id: portable(u.audio) for u in ordered})
    write_table(path / "text", {u.id: clean_text(u.text) for u in ordered})
    write_table(path / "utt2spk", {u.id: u.speaker for u in ordered})
    write_table(path / "spk2utt", {speaker: " ".join(utts) for speaker, utts in speakers.items()})
    counted = {u.id: u.samples for u in ordered if u.samples is not None}
    write_table(path / "utt2samples", {utt: str(samples) for utt, samples in counted.items()})
    write_table(path / "utt2dur", {utt: f"{samples / SAMPLE_RATE:.6f}" for utt, samples in counted.items()})
    write_table(path / "utt2status", {u.id: u.status for u in ordered if u.status})
    write_table(path / "utt2prompt", {u.id: u.prompt for u in ordered if u.prompt})


def write_table(path: Path, table: Mapping[str, str]) -> None:
    """Write `key value` lines in C order; no file for an empty table.

    WrongData for a name with a line break, or of bytes that are not UTF-8.
    """
    lines = [f"{key} {table[key]}\n" for key in c_sorted(table)]
    text = "".join(lines)
    try:
        data = text.encode()
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start)
        raise WrongData(f"not UTF-8: {lines[line]!r}", where=path, remedy="rename the file") from None
    if text.count("\n") != len(lines):
        broken = next(line for line in lines if line.count("\n") > 1)
        raise WrongData(f"a line break in {broken!r}", where=path, remedy="rename the file or its folder")
    if table:
        path.write_bytes(data)


def read_dropped(path: Path) -> dict[str, str]:
    """What a corpus program left out, id → reason: `dropped.tsv` beside its tables, which may be missing."""
    file = Path(path) / DROPPED
    if not file.exists():
        return {}
    return dict(line.split("\t", 1) for line in read_lines(file))  # type: ignore[misc]


def write_dropped(path: Path, dropped: Mapping[str, str]) -> None:
    """Write `dropped.tsv`; no file if nothing was left out."""
    if dropped:
        lines = (f"{clean_text(utt)}\t{clean_text(dropped[utt])}\n" for utt in c_sorted(dropped))
        (path / DROPPED).write_text("".join(lines), encoding="utf-8")


def _read_beside(
    path: Path, name: str, speakers: Mapping[str, str], optional: bool = False
) -> dict[str, str]:
    """A table with exactly the keys of utt2spk."""
    file = path / name
    if optional and not file.exists():
        return {}
    table = read_table(file)
    for number, utt in enumerate(table, start=1):
        if utt not in speakers:
            raise WrongData(f"{utt} is not in utt2spk", where=f"{file}:{number}")
    for number, utt in enumerate(speakers, start=1):
        if utt not in table:
            raise WrongData(f"{utt} is not in {name}", where=f"{path / 'utt2spk'}:{number}")
    return table


def _check_names(utt: str, speaker: str, here: str) -> None:
    if len(speaker.split()) != 1:
        raise WrongData(f"an utterance has one speaker, not {speaker!r}", where=here)
    for name in (utt, speaker):
        bad = len(name.split()) != 1 or set(name) & set("/\\\0") or name[0] in ".-"
        if bad or len(name.encode()) > MAX_ID_BYTES:
            raise WrongData(
                f"{name!r} cannot be the name of a file",
                where=here,
                remedy="no white space, no slash, no dot or hyphen at the start, at most 200 bytes",
            )
    if not utt.startswith(speaker):
        raise WrongData(
            f"the speaker {speaker} is not the prefix of the utterance {utt}",
            where=here,
            remedy="Kaldi sorts utterances and speakers together: name utterances SPEAKER-…",
        )


def _check_inverse(path: Path, speakers: Mapping[str, str]) -> None:
    """WrongData unless spk2utt is the inverse of utt2spk."""
    file = path / "spk2utt"
    seen: set[str] = set()
    for number, (speaker, utts) in enumerate(read_table(file).items(), start=1):
        for utt in utts.split():
            if speakers.get(utt) != speaker or utt in seen:
                raise WrongData(
                    f"{speaker} {utt} does not agree with utt2spk",
                    where=f"{file}:{number}",
                    remedy="utils/fix_data_dir.py writes spk2utt again",
                )
            seen.add(utt)
    for number, utt in enumerate(speakers, start=1):
        if utt not in seen:
            raise WrongData(f"{utt} is not in spk2utt", where=f"{path / 'utt2spk'}:{number}")


def _portable(path: Path) -> Callable[[Path], str]:
    """What wav.scp of the data directory `path` calls a file. Each folder is resolved once."""
    here = path.resolve()

    @cache
    def place(folder: str) -> str:
        real = Path(folder).resolve()
        found = os.path.relpath(real, here) if real.is_relative_to(here.parent) else str(real)
        return "" if found == "." else f"{found}/"

    def portable(audio: Path) -> str:
        folder, name = os.path.split(audio.resolve() if audio.is_symlink() else audio)
        return f"{place(folder)}{name}"

    return portable
