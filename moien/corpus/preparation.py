"""Stage 1: raw recordings to 24 kHz mono with 50-100 ms of silence at the edges and the level of the base model.

There are two passes over the audio, each in a pool of processes. `measure` finds speech, level and faults of each
utterance; the levels of all utterances give the gain of each speaker; `write_processed` cuts, scales and writes.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from moien.audio import (
    HALF_STEP,
    SAMPLE_RATE,
    clipped_share,
    read_audio,
    read_header,
    resample,
    speech_level,
    without_offset,
    write_wav,
)
from moien.corpus.datadir import SPLITS, Utterance, clean_text, read_lines
from moien.corpus.settings import DataSettings
from moien.corpus.vad import speech_span
from moien.errors import WrongData
from moien.pool import in_parallel

SEGMENTS = "reference_segments.jsonl"
SILENT = 1e-3  # -60 dB: speech is never as soft
PEAK = 0.99
MIN_EDGE_S = 0.05  # silence at both ends of every utterance: so that BOS and EOS always mean silence
LEVEL_RANGE_DB = 3.0  # around the target: natural dynamics are about 1-2 dB, a moved microphone is more


@dataclass(frozen=True)
class Cut:
    """Result of `measure` in samples at 24 kHz: the part to keep, and the room tone to add at its edges."""

    start: int
    end: int
    before: int
    after: int
    level: float
    peak: float

    @property
    def samples(self) -> int:
        """Samples of the processed utterance."""
        return self.before + self.end - self.start + self.after

    @property
    def shift_s(self) -> float:
        """Seconds to add to a time of the raw recording."""
        return (self.before - self.start) / SAMPLE_RATE


def measure(utterance: Utterance, settings: DataSettings) -> Cut | str:
    """Position and level of the speech in a recording, or the reason why the recording cannot be used."""
    try:
        header = read_header(utterance.audio)  # first: an hour of samples would fill the memory
        if header.rate < settings.min_rate:
            return f"sampling rate below data.min_rate: {header.rate} Hz, less than {settings.min_rate}"
        if header.seconds > settings.max_raw_seconds:
            return f"longer than data.max_raw_seconds: {header.seconds:.1f} s"
        samples, rate = read_audio(utterance.audio)
    except WrongData as error:
        return error.message
    if (share := clipped_share(samples)) > settings.max_clipped:  # as recorded: an offset moves flat tops
        return f"clipped: {share:.2%} of the samples"
    samples = resample(without_offset(samples, rate), rate)
    if speech_level(samples) < SILENT:
        return "silent"
    span = speech_span(samples, SAMPLE_RATE)
    if span is None:
        return "no speech in it"
    cut = find_cut(samples, span, settings)
    seconds = cut.samples / SAMPLE_RATE
    if seconds < settings.min_seconds:
        return f"shorter than data.min_seconds: {seconds:.2f} s of speech"
    if seconds > settings.max_seconds:
        return f"longer than data.max_seconds: {seconds:.1f} s of speech"
    return cut


def find_cut(samples: np.ndarray, span: tuple[int, int], settings: DataSettings) -> Cut:
    """Where to cut: `edge_seconds` of silence stay on both sides of the speech.

    A recording with less than `MIN_EDGE_S` gets room tone of its own. Digital zeros at the ends are removed, because no
    microphone records such a silence.
    """
    edge, least = (round(s * SAMPLE_RATE) for s in (settings.edge_seconds, MIN_EDGE_S))
    sounding = np.flatnonzero(np.abs(samples) > HALF_STEP)
    start = max(span[0] - edge, int(sounding[0]))
    end = min(span[1] + edge, int(sounding[-1]) + 1)
    kept = samples[start:end]
    return Cut(
        start,
        end,
        before=max(0, least - (span[0] - start)),
        after=max(0, least - (end - span[1])),
        level=speech_level(kept),
        peak=float(np.abs(kept).max()),
    )


def room_tone(samples: np.ndarray, count: int) -> np.ndarray:
    """`count` samples from the quietest part of a recording that is not digital zero, to lengthen its edges."""
    if not count:
        return samples[:0]
    step = max(1, count // 4)
    stretches = [samples[i : i + count] for i in range(0, len(samples) - count + 1, step)]
    audible = [s for s in stretches if np.abs(s).max() > HALF_STEP] or [np.zeros(count, np.float32)]
    return min(audible, key=lambda s: float(np.square(s, dtype=np.float64).sum()))


def gains(
    levels: Mapping[str, float], speakers: Mapping[str, str], settings: DataSettings
) -> dict[str, float]:
    """Factor for each utterance: its speaker's median level → `speech_level`.

    One factor for a speaker keeps natural differences: a question is softer than an exclamation. Only an utterance that
    is then still more than `LEVEL_RANGE_DB` from the target (another day, another distance to the microphone) is
    brought to that bound.
    """
    of_speaker: dict[str, list[float]] = defaultdict(list)
    for utt, level in levels.items():
        of_speaker[speakers[utt]].append(level)
    median = {speaker: float(np.median(values)) for speaker, values in of_speaker.items()}
    ratio = 10 ** (LEVEL_RANGE_DB / 20)
    low, high = settings.speech_level / ratio, settings.speech_level * ratio
    return {
        utt: float(np.clip(level * settings.speech_level / median[speakers[utt]], low, high)) / level
        for utt, level in levels.items()
    }


def write_processed(job: tuple[Utterance, Cut, float], folder: Path) -> Utterance:
    """Write one utterance as `folder/ID.wav`, never clipped; return it with its new audio."""
    utterance, cut, gain = job
    samples, rate = read_audio(utterance.audio)
    samples = resample(without_offset(samples, rate), rate)
    kept = samples[cut.start : cut.end]
    padded = np.concatenate([room_tone(kept, cut.before), kept, room_tone(kept, cut.after)])
    audio = padded * min(gain, PEAK / cut.peak)
    path = folder / f"{utterance.id}.wav"
    write_wav(path, audio)
    return replace(utterance, audio=path, samples=len(audio))


def prompt_keys(utterances: Iterable[Utterance]) -> dict[str, str]:
    """Utterance → key of its group, which stays in one split: the same prompt or the same words."""
    parent: dict[str, str] = {}

    def root(key: str) -> str:
        while parent.setdefault(key, key) != key:
            parent[key] = parent[parent[key]]  # halves the way, which would grow with the utterances
            key = parent[key]
        return key

    words = {}
    for utt in utterances:
        text = "".join(c if c.isalnum() else " " for c in clean_text(utt.text).casefold())
        words[utt.id] = f"text {clean_text(text) or utt.text}"
        if utt.prompt:
            first, second = sorted((root(words[utt.id]), root(f"prompt {utt.prompt}")))
            parent[second] = (
                first  # the smaller key is the root, so the order of the utterances does not matter
            )
    return {utt: root(key) for utt, key in words.items()}


def assign_splits(utterances: Sequence[Utterance], settings: DataSettings) -> dict[str, str]:
    """Utterance → train, dev or test, by a hash of its prompt: stable when utterances are added.

    Test gets the prompts with the smallest hashes, dev those with the largest: the given percentages, within the given
    bounds in prompts. Both get only prompts whose utterances all have a status in `eval_status` (any prompt if that is
    empty). Every speaker is in train, where the voices are made: of a speaker who would be in test and dev only, the
    prompt whose hash is nearest to 0.5 stays in train. WrongData if there are too few.
    """
    keys = prompt_keys(utterances)
    statuses: dict[str, set[str]] = defaultdict(set)
    of_speaker: dict[str, set[str]] = defaultdict(set)
    for utt in utterances:
        statuses[keys[utt.id]].add(utt.status)
        of_speaker[utt.speaker].add(keys[utt.id])
    place = {key: int.from_bytes(hashlib.sha256(key.encode()).digest()[:8]) / 2**64 for key in statuses}
    allowed = set(settings.eval_status)
    usable = {key for key, status in statuses.items() if not allowed or status <= allowed}
    needed: set[str] = set()  # in train, by a speaker
    while True:
        of_prompt = _split_prompts({place[key]: key for key in usable - needed}, len(statuses), settings)
        if not (lost := [s for s, prompts in of_speaker.items() if prompts <= of_prompt.keys()]):
            return {utt: of_prompt.get(key, "train") for utt, key in keys.items()}
        needed |= {min(of_speaker[speaker], key=lambda key: abs(place[key] - 0.5)) for speaker in lost}


def _split_prompts(hashes: Mapping[float, str], prompts: int, settings: DataSettings) -> dict[str, str]:
    """Prompt → test or dev, of those that may be in them, by hash; `prompts` is the number of all."""
    ordered = sorted(hashes)
    test = _count(sum(h < settings.test_percent / 100 for h in ordered), settings.test_prompts)
    dev = _count(sum(h >= 1 - settings.dev_percent / 100 for h in ordered), settings.dev_prompts)
    if test + dev > len(ordered) or test + dev >= prompts:
        kind = f" with status {', '.join(settings.eval_status)}" if settings.eval_status else ""
        raise WrongData(
            f"{prompts} prompts, {len(ordered)} of them{kind} usable for evaluation: too few for {test} "
            f"in test, {dev} in dev and some of every speaker left to train on",
            where="splits",
            remedy="more recordings, or lower data.test_prompts and data.dev_prompts",
        )
    of_prompt = {hashes[h]: "test" for h in ordered[:test]}
    return of_prompt | {hashes[h]: "dev" for h in ordered[len(ordered) - dev :]}


def beyond_minutes(utterances: Iterable[Utterance], minutes: float) -> set[str]:
    """Ids of the utterances after the first `minutes` in the order of their hashes.

    The one at the limit is kept, and the first of each speaker: a voice of test needs one.
    """
    left, over, speakers = minutes * 60 * SAMPLE_RATE, set[str](), set[str]()
    for utt in sorted(utterances, key=lambda utt: hashlib.sha256(utt.id.encode()).digest()):
        if left <= 0 and utt.speaker in speakers:
            over.add(utt.id)
        speakers.add(utt.speaker)
        left -= utt.samples or 0
    return over


def _count(wanted: int, bounds: tuple[int, int]) -> int:
    return min(max(wanted, bounds[0]), bounds[1])


def shift_segments(raw: Path, out: Path, cuts: Mapping[str, Cut]) -> int:
    """Move the reference segments of a raw corpus to the processed audio; return the number of utterances with some."""
    if not raw.exists():
        return 0
    lines = []
    for number, line in enumerate(read_lines(raw), start=1):
        try:
            row = json.loads(line)
            utt, segments = row["id"], [(float(s), float(d), str(label)) for s, d, label in row["segments"]]
        except (ValueError, KeyError, TypeError) as error:
            raise WrongData(f"not a line of segments: {error}", where=f"{raw}:{number}") from None
        if utt in cuts:
            end_s = cuts[utt].samples / SAMPLE_RATE
            lines.append(json.dumps({"id": utt, "segments": _moved(segments, cuts[utt].shift_s, end_s)}))
    out.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return len(lines)


def _moved(
    segments: Iterable[tuple[float, float, str]], shift_s: float, end_s: float
) -> list[tuple[float, float, str]]:
    """Segments shifted by `shift_s`; silences are cut to the audio, phones stay whole."""
    moved = []
    for start, duration, label in segments:
        first, last = start + shift_s, start + duration + shift_s
        if label == "_":
            first, last = max(first, 0.0), min(last, end_s)
        if last > first:
            moved.append((round(first, 6), round(last - first, 6), label))
    return moved


def prepare(
    utterances: Sequence[Utterance],
    settings: DataSettings,
    out: Path,
    nj: int,
    drop: Callable[[str, str], None],
) -> tuple[list[Utterance], dict[str, Cut]]:
    """Measure all utterances and write them into `out/wav`; calls `drop(utterance, reason)` for what is left out."""
    cuts: dict[str, Cut] = {}
    found = in_parallel(partial(measure, settings=settings), utterances, nj, "find speech")
    for utt, result in zip(utterances, found, strict=True):
        if isinstance(result, Cut):
            cuts[utt.id] = result
        else:
            drop(utt.id, result)
    speakers = {utt.id: utt.speaker for utt in utterances}
    gain = gains({utt: cut.level for utt, cut in cuts.items()}, speakers, settings)
    jobs = [(utt, cuts[utt.id], gain[utt.id]) for utt in utterances if utt.id in cuts]
    (out / "wav").mkdir()
    return list(in_parallel(partial(write_processed, folder=out / "wav"), jobs, nj, "cut and level")), cuts


def count_splits(utterances: Sequence[Utterance], splits: Mapping[str, str]) -> dict[str, dict[str, float]]:
    """Utterances, minutes and speakers of each split."""
    counts = Counter(splits[utt.id] for utt in utterances)
    table = {}
    for name in SPLITS:
        inside = [utt for utt in utterances if splits[utt.id] == name]
        minutes = sum(utt.samples or 0 for utt in inside) / SAMPLE_RATE / 60
        speakers = len({utt.speaker for utt in inside})
        table[name] = {"utterances": counts[name], "minutes": round(minutes, 2), "speakers": speakers}
    return table
