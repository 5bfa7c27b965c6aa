"""Every reader, given a file that is cut, edited or junk: a value or an error that names it, never a traceback."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from moien.align import Alignment, read_alignments, write_alignments
from moien.align.compare import read_segments
from moien.align.textgrid import read_phones
from moien.audio import read_audio, read_header, write_wav
from moien.corpus.datadir import read_datadir, read_dropped, read_table
from moien.corpus.metadata import read_metadata
from moien.errors import MoienError
from moien.features.packed import Measured, PackedFeatures, write_packed
from moien.kokoro.base import load_pack, read_weights
from moien.recipe import manifest
from moien.recipe.settings import load_settings
from moien.report.runs import read_run
from moien.report.table import read_scores
from moien.text.corrections import read_pronunciations
from moien.text.phonemes import Phonemes, read_phonemes, write_phonemes
from moien.train import checkpoint
from moien.train.checkpoint import Progress

FITTING = (1, 1, 2)


def datadir(folder: Path) -> None:
    write_wav(folder / "a.wav", np.zeros(2400, np.float32), 24000)
    for name, text in (
        ("wav.scp", f"anna-a {folder}/a.wav"),
        ("text", "anna-a Moien."),
        ("utt2spk", "anna-a anna"),
        ("spk2utt", "anna anna-a"),
    ):
        (folder / name).write_text(text + "\n")


def packed(folder: Path) -> None:
    write_packed(folder, "train", [Measured("a", np.ones(4, np.float32), np.ones(4, np.float32))])


def read_packed(folder: Path) -> None:
    features = PackedFeatures(folder, "train")
    for utterance in features:
        features[utterance]


def scores(folder: Path) -> None:
    made = {"recipe": "r", "rows": {"trained": {"mcd_db": {"mean": 1.0, "low": 0.5, "high": 2.0, "n": 3}}}}
    (folder / "scores.json").write_text(json.dumps(made))
    row = {"id": "a", "speaker": "s", "text": "t", "rows": {"trained": {"mcd_db": 1.0}}, "details": {}}
    (folder / "utterances.jsonl").write_text(json.dumps(row) + "\n")


def saved(folder: Path) -> None:
    checkpoint.save(folder, Progress(step=3), {"a": torch.ones(4)}, {}, {"seed": 1})


# name → what writes sound files, and what reads them
READERS: dict[str, tuple[Callable[[Path], object], Callable[[Path], object]]] = {
    "data directory": (datadir, read_datadir),
    "table": (datadir, lambda folder: read_table(folder / "text")),
    "metadata": (
        lambda folder: (folder / "metadata.csv").write_text(
            "id|text|speaker\na1|Moien.|anna\nb2|Äddi.|bob\n"
        ),
        lambda folder: read_metadata(
            (folder / "metadata.csv").read_text("utf-8", errors="replace").splitlines(), "metadata.csv"
        ),
    ),
    "dropped": (
        lambda folder: (folder / "d").write_text("a silent\n"),
        lambda folder: read_dropped(folder / "d"),
    ),
    "manifest": (lambda folder: manifest.write(folder, stage="data"), manifest.read),
    "alignments": (
        lambda folder: write_alignments(folder / "a", [Alignment("a", FITTING, FITTING, 4, 0.0, 0)]),
        lambda folder: read_alignments(folder / "a"),
    ),
    "segments": (
        lambda folder: (folder / "s").write_text('{"id": "a", "segments": [[0, 0.1, "m"]]}\n'),
        lambda folder: read_segments(folder / "s"),
    ),
    "TextGrid": (
        lambda folder: (folder / "t").write_text('File type = "ooTextFile"\nObject class = "TextGrid"\n'),
        lambda folder: read_phones(folder / "t"),
    ),
    "phonemes": (
        lambda folder: write_phonemes(folder / "p", {"a": Phonemes("Moien", "mˈoiən", ())}),
        lambda folder: read_phonemes(folder / "p"),
    ),
    "pronunciations": (
        lambda folder: (folder / "l").write_text("Moien\tmˈoiən\ta test\n"),
        lambda folder: read_pronunciations(folder / "l"),
    ),
    "scores": (scores, lambda folder: read_scores(folder / "scores.json")),
    "run": (scores, lambda folder: read_run(str(folder))),
    "pack": (
        lambda folder: torch.save(torch.ones(510, 1, 256), folder / "v.pt"),
        lambda folder: load_pack(folder / "v.pt"),
    ),
    "weights": (
        lambda folder: torch.save({"bert": {"module.a": torch.ones(2)}}, folder / "w.pth"),
        lambda folder: read_weights(folder / "w.pth"),
    ),
    "checkpoint": (
        saved,
        lambda folder: checkpoint.load(folder, {"seed": 1}, {"a": torch.zeros(4)}),
    ),
    "packed features": (packed, read_packed),
    "settings": (
        lambda folder: (folder / "params.yaml").write_text(
            "language: lb\nseed: 3\ntrain: {warmup_steps: 2}\n"
        ),
        lambda folder: load_settings(f"{folder}/"),
    ),
    "wav": (datadir, lambda folder: (read_header(folder / "a.wav"), read_audio(folder / "a.wav"))),
}

SOME = st.one_of(
    st.binary(max_size=8),
    st.sampled_from(
        [
            b"",
            b"\0",
            b"\xff\xfe",
            b"\n",
            b"\r\n",
            b"|",
            b"[]",
            b"{}",
            b"null",
            b"1e999",
            b"-1",
            b'"',
            b": ",
            b"../",
            b"\xc3",
        ]
    ),
)


@st.composite
def damages(draw: st.DrawFn) -> Callable[[bytes], bytes]:
    """A change of a file's content."""
    kind = draw(st.sampled_from(["cut", "replace", "junk", "value"]))
    place, length, junk = draw(st.floats(0, 1)), draw(st.integers(0, 30)), draw(SOME)
    if kind == "junk":
        whole = draw(st.binary(max_size=200))
        return lambda content: whole
    if kind == "cut":
        return lambda content: content[: int(place * len(content))]
    if kind == "value":  # JSON's values, so that what follows is still JSON
        values = [b"null", b"[]", b'"x"', b"1", b"{}", b"1e400"]
        old, new = (
            draw(st.sampled_from([*values, b"1", b"0.1", b'"a"', b"[1, 1, 2]", b"4"])),
            draw(st.sampled_from(values)),
        )
        return lambda content: content.replace(old, new, 1 + length % 2)

    def replace(content: bytes) -> bytes:
        at = int(place * len(content))
        return content[:at] + junk + content[at + length :]

    return replace


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=60, deadline=None, derandomize=True)
@given(data=st.data())
def test_a_damaged_file_is_read_or_named(name: str, data: st.DataObject) -> None:
    write, read = READERS[name]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write(folder)
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        path = data.draw(st.sampled_from(files))
        path.write_bytes(data.draw(damages())(path.read_bytes()))
        with contextlib.suppress(MoienError, OSError):  # what programs report in a line
            read(folder)


@pytest.mark.parametrize(
    "name", sorted(READERS.keys() - {"TextGrid", "weights"})
)  # these two are only the beginning of a file
def test_a_sound_file_is_read(name: str, tmp_path: Path) -> None:
    write, read = READERS[name]
    write(tmp_path)
    assert read(tmp_path) is not None or name == "packed features"
