"""Marylux: 52 minutes of read Luxembourgish by one native speaker (Judith Manzoni, 2014, © DFKI GmbH).

Licence CC BY-NC-SA 4.0: a voice trained on it is for non-commercial use, with credit, under the same licence.

With `marylux/` in a folder of MOIEN_MIRROR (metadata.csv `id|text|status`, wavs/ID.flac and reference_segments.jsonl,
each checked by sha256), the corpus has 568 clips. Otherwise it is downloaded from its two public repositories at fixed
commits: the 440 clips (38 minutes) that are a whole prompt, because the halves of split prompts have no published text.
Samples, texts and segments are checked by the sha256 of their content, because GitHub's archives have no stable digest.

The download was tested with a small archive of the same format, not with the real one.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import click
import yaml

from moien.corpus.datadir import Utterance
from moien.corpus.preparation import SEGMENTS
from moien.corpus.readers import program, read_columns, write_corpus
from moien.corpus.recordings import find_audio
from moien.errors import WrongData
from moien.fetch import cache_dir, check_digest, download, find_in_mirror, sha256_files, unpack
from moien.files import locked, sha256_file

SPEAKER = "marylux"
METADATA_SHA256 = "5c5011ed4e1e135eecadff7da816f0cd0d3bf6ba08aa3e6994e569f846ac9257"
SEGMENTS_SHA256 = "36d6aece5bac4e9f7229b70739156654eb854f037f8f9d2295b5b1b4c7a43508"
WAVS_SHA256 = "f0a791c366eed93cd1c9b75b77579a8daa2ae8c2dbfc5a505306b1494a11a64f"

GITHUB = "https://github.com"
AUDIO_URL = "/mbarnig/Marylux-648-TTS-Corpus/archive/fde78887bc103cdc65cefcda4a785acc6e729076.tar.gz"
TEXTS_URL = "/marytts/marylux-data/raw/f1d6b8867056c05de4f2d76290639670d73cb13c/marylux-data.yaml"
SAMPLES_SHA256 = "ace6ddca5f5f6a7f4e6e47b6475a4a73b1705f23fd7e900250e2576b67ecc3bc"
TEXTS_SHA256 = "654a9fe1074d913b332a2dc5b67977d455476970810109bb2abbe3f382ea27e5"
TIMES_SHA256 = "ddf58aea2573de9196a8f315f495626f62ea67d79ce93381d76097046c4ffd9f"
# Clips of a whole prompt: `exact` if the durations agree, `exact-durwarn` if they differ by 0.7-1.7 s.
EXACT = """1 3-6 8-19 23-30 32 34-37 39 42-44 48-52 54-55 57-59 61-63 65-66 68-79 81-93 95-102 105 110-112
114-123 125 127-138 140-144 146-147 149-150 152-153 155 157-158 160 162-163 165-172 174-184 186-199 202-204 208
210 212 215-216 220-221 223-224 226-230 232 236-239 241-243 245-246 250 252-254 256-258 260 262 264-265 267-269
272-286 288-291 294 296-297 301 304 306 308-310 312-317 321-323 325-328 330-336 339-341 345-352 354-356 358-363
365-368 370-371 373-375 377 379-385 388-389 392-396 398 400 402 404 407-411 414 416-423 425-431 433-434 437 441
443-451 453-454 456 460-461 463 465 467-470 472 474-477 479-497 500-502 504 506-510 512 514-516 518 521 523-525
527-538 540 542 546-547 549-554 559-561 563-566 570-572 574-578 580-584"""
DOUBTFUL = "2 104 214 219 292 295 305 357 386 471 503 511 520 539 548"


@program
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--folder",
    default="marylux",
    show_default=True,
    help="A folder in MOIEN_MIRROR; where there is none, the corpus is downloaded.",
)
def main(out: Path, folder: str) -> None:
    """Write the data directory OUT."""
    mirrored = find_in_mirror(folder)
    utterances, segments = from_mirror(mirrored) if mirrored else from_github(cache_dir() / "marylux")
    write_corpus(out, utterances, {})
    rows = (json.dumps({"id": clip, "segments": segments[clip]}) + "\n" for clip in sorted(segments))
    (out / SEGMENTS).write_text("".join(rows), encoding="utf-8")


Segments = Mapping[str, list[list[Any]]]


def from_mirror(folder: Path) -> tuple[list[Utterance], Segments]:
    """Utterances and reference segments of the corpus in a mirror folder."""
    audio = find_audio(folder / "wavs")
    check_digest(sha256_file(folder / "metadata.csv"), METADATA_SHA256, folder / "metadata.csv")
    check_digest(sha256_file(folder / SEGMENTS), SEGMENTS_SHA256, folder / SEGMENTS)
    check_digest(sha256_files(audio.values()), WAVS_SHA256, folder / "wavs")
    print(f"Marylux: from the mirror, {folder}")
    rows = [fields for _, fields in read_columns(folder / "metadata.csv", "|", (3,))][1:]
    utterances = [Utterance(i, SPEAKER, text, audio[i], None, status, prompt(i)) for i, text, status in rows]
    lines = map(json.loads, (folder / SEGMENTS).read_text(encoding="utf-8").splitlines())
    return utterances, {row["id"]: row["segments"] for row in lines}


def _download(folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".marylux-") as name:
        part = Path(name) / "marylux"
        download(GITHUB + AUDIO_URL, Path(name) / "audio.tar.gz")
        unpack(Path(name) / "audio.tar.gz", part / "wavs", choose_wav)
        download(GITHUB + TEXTS_URL, part / "marylux-data.yaml")
        part.rename(folder)


def from_github(folder: Path) -> tuple[list[Utterance], Segments]:
    """The same for the clips with a published text; downloaded into the user's cache at the first call."""
    with locked(folder.with_suffix(".lock")):  # of two processes, the second finds what the first downloaded
        if not folder.is_dir():
            _download(folder)
    # CSafeLoader is as safe as safe_load, and 20 times faster on 1.5 MB
    prompts = yaml.load((folder / "marylux-data.yaml").read_bytes(), Loader=yaml.CSafeLoader)
    by_clip = {f"{SPEAKER}_{entry['prompt']}": entry for entry in prompts}
    status = dict.fromkeys(clips(DOUBTFUL), "exact-durwarn") | dict.fromkeys(clips(EXACT), "exact")
    audio = find_audio(folder / "wavs")
    if missing := [clip for clip in status if clip not in audio or clip not in by_clip]:
        raise WrongData(
            f"{len(missing)} clips are missing, e.g. {missing[0]}", where=folder, remedy="remove it"
        )
    check_digest(sample_digest({clip: audio[clip] for clip in status}), SAMPLES_SHA256, folder / "wavs")
    texts = {clip: str(by_clip[clip]["text"]) for clip in status}
    times = {
        clip: [(float(s["dur"]), str(s["lab"])) for s in by_clip[clip]["segments"]] for clip in clips(EXACT)
    }
    check_digest(content_digest(texts), TEXTS_SHA256, folder / "marylux-data.yaml")
    check_digest(content_digest(times), TIMES_SHA256, folder / "marylux-data.yaml")
    print(f"Marylux: from {GITHUB}, in {folder}")
    utterances = [
        Utterance(clip, SPEAKER, texts[clip], audio[clip], None, status[clip], prompt(clip))
        for clip in sorted(status)
    ]
    return utterances, {clip: from_start(times[clip]) for clip in times}


def choose_wav(path: PurePosixPath) -> str | None:
    """The file's name for a wav of `dataset/wavs/`, otherwise None."""
    return path.name if path.parent.name == "wavs" and path.suffix == ".wav" else None


def clips(numbers: str) -> list[str]:
    """`1 3-4` → the ids of clips 1, 3 and 4."""
    spans = [part.partition("-") for part in numbers.split()]
    return [
        f"{SPEAKER}_lb-wiki-{n:04d}" for low, _, high in spans for n in range(int(low), int(high or low) + 1)
    ]


def prompt(clip: str) -> str:
    """`marylux_lb-wiki-1007` is the second half of prompt `marylux_lb-wiki-0007`."""
    stem, _, number = clip.rpartition("-")
    return f"{stem}-{int(number) % 1000:04d}"


def from_start(times: Iterable[tuple[float, str]]) -> list[list[Any]]:
    """Durations to [start, duration, label]. The clips were trimmed, so the first silence ends at 0."""
    times = list(times)
    start = -times[0][0] if times[0][1] == "_" else 0.0
    segments = []
    for duration, label in times:
        segments.append([round(start, 3), duration, label])
        start += duration
    return segments


def sample_digest(audio: Mapping[str, Path]) -> str:
    """SHA-256 of the 16-bit samples of clips, in any lossless format."""
    import soundfile

    digests = {}
    for clip, path in audio.items():
        samples, rate = soundfile.read(str(path), dtype="int16")
        digests[clip] = [rate, hashlib.sha256(samples.astype("<i2").tobytes()).hexdigest()]
    return content_digest(digests)


def content_digest(content: Mapping[str, Any]) -> str:
    """SHA-256 of a JSON value."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


if __name__ == "__main__":
    main()
