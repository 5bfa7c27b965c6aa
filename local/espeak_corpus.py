"""The embedded corpus: sentences of a file, spoken by espeak-ng, with the exact time of every phoneme.

SENTENCES has one sentence a line; lines with # in front are comments. The voices take turns, so that no two speakers
read the same prompt. A voice is a language of espeak-ng with a variant, e.g. lb+f2. OUT gets a data directory, the
wavs and `reference_segments.jsonl`. The same sentences and voices give the same bytes at every run.
"""

from __future__ import annotations

import ctypes
import json
import multiprocessing
from pathlib import Path

import click
import numpy as np

from moien.audio import write_wav
from moien.config import ROOT
from moien.corpus import program, speaker_name, write_corpus
from moien.datadir import Utterance, clean_text, read_lines
from moien.errors import MoienError, WrongCall, WrongData
from moien.progress import track
from moien.text.espeak import library, set_voice

RATE = 22_050  # Hz; espeak-ng has no other
SILENCE = "_"
WORDS_PER_MINUTE = 145  # espeak-ng's own 175 is hasty beside the voices of Kokoro
_RATE = 1  # from here on names as in speak_lib.h
_PHONEME, _LAST = 7, 0  # types of an event
_CHARS_UTF8, _POS_CHARACTER = 1, 1

Segment = tuple[float, float, str]  # start and duration in seconds, label in IPA
Job = tuple[str, str, Path, str]  # text, voice, wav to write, file:line


class _Id(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int), ("message", ctypes.c_uint), ("text_position", ctypes.c_int),
        ("length", ctypes.c_int), ("audio_ms", ctypes.c_int), ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p), ("id", _Id),
    )  # fmt: skip


_Samples, _Events = ctypes.POINTER(ctypes.c_short), ctypes.POINTER(_Event)
_Callback = ctypes.CFUNCTYPE(ctypes.c_int, _Samples, ctypes.c_int, _Events)


@program
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--sentences", required=True, type=click.Path(path_type=Path), help="File of sentences.")
@click.option("--voice", "--voices", "voices", multiple=True, default=("lb+f2", "lb+m3"), show_default=True,
              help="A speaker; give it once for each.")  # fmt: skip
def main(out: Path, sentences: Path, voices: tuple[str, ...]) -> None:
    """Write the data directory OUT."""
    speakers = {voice: speaker_name(f"espeak_{voice.rpartition('+')[2]}") for voice in voices}
    if len(set(speakers.values())) < len(voices):
        raise WrongCall(
            f"two of the voices {', '.join(voices)} would be one speaker", remedy="other variants"
        )
    # A recipe names the file from the checkout, wherever it is run from.
    file = sentences if sentences.exists() else ROOT / sentences
    corpus = file.resolve().parent.name
    (out / "wav").mkdir(parents=True, exist_ok=True)
    utterances, jobs = [], []
    for number, (where, text) in enumerate(read_sentences(file), start=1):
        voice = voices[(number - 1) % len(voices)]
        prompt = f"{corpus}-{number:04d}"
        utt = f"{speakers[voice]}-{prompt}"
        wav = out.resolve() / "wav" / f"{utt}.wav"
        jobs.append((text, voice, wav, where))
        utterances.append(Utterance(utt, speakers[voice], text, wav, prompt=prompt))
    # One fresh process for each: espeak-ng carries a state from one sentence to the next. Forked, because the
    # library is not loaded yet here, and starting python for each would take longer than the speech.
    with (
        multiprocessing.get_context("fork").Pool(2, maxtasksperchild=1) as pool,
        (out / "reference_segments.jsonl").open("w", encoding="utf-8", newline="\n") as segments,
    ):
        spoken = track(pool.imap(synthesise, jobs, chunksize=1), "espeak-ng speaks", total=len(jobs))
        for utterance, found in zip(utterances, spoken, strict=True):
            if isinstance(found, MoienError):
                raise found
            segments.write(json.dumps({"id": utterance.id, "segments": found}, ensure_ascii=False) + "\n")
    write_corpus(out, utterances, {})


def read_sentences(path: Path) -> list[tuple[str, str]]:
    """(`file:line`, sentence) of the file; WrongData if there is none, or one twice."""
    found: dict[str, str] = {}
    for number, line in enumerate(read_lines(path), start=1):
        text = clean_text(line)
        if not text or text.startswith("#"):
            continue
        if text in found:  # the same prompt could come into both training and test
            raise WrongData(f"this sentence stands in {found[text]} already", where=f"{path}:{number}")
        found[text] = f"{path}:{number}"
    if not found:
        raise WrongData("there is no sentence in it", where=path)
    return [(where, text) for text, where in found.items()]


def synthesise(job: Job) -> list[Segment] | MoienError:
    """Write the wav of a sentence and return its segments. An error comes back as a value: it has to be pickled."""
    text, voice, wav, where = job
    try:
        samples, segments = speak(text, voice)
        if all(label == SILENCE for _, _, label in segments):
            return WrongData(f"espeak-ng has no sound for {text!r}", where=where, remedy="write it as words")
        write_wav(wav, samples, RATE)
    except MoienError as error:
        return error
    return segments


def speak(text: str, voice: str) -> tuple[np.ndarray, list[Segment]]:
    """Samples [T] float32 at 22,050 Hz and the phonemes with their times; once in a process (see `main`)."""
    blocks = [np.zeros(0, np.int16)]
    starts: list[tuple[int, str]] = []  # sample, label

    def receive(wav, count, events) -> int:  # type: ignore[no-untyped-def]
        if wav and count:
            blocks.append(np.ctypeslib.as_array(wav, (count,)).copy())  # the buffer is used again
        i = 0
        while events[i].type != _LAST:
            if events[i].type == _PHONEME:
                label = events[i].id.string.decode("utf-8", errors="ignore")  # 8 bytes at most: may be cut
                starts.append((events[i].sample, label.strip("ˈˌ") or SILENCE))
            i += 1
        return 0

    library().espeak_ng_SetRandSeed(1)  # breathy voices add noise
    set_voice(voice)
    library().espeak_SetParameter(_RATE, WORDS_PER_MINUTE, 0)
    callback = _Callback(receive)  # must live as long as the library may call it
    library().espeak_SetSynthCallback(callback)
    data = text.encode()
    size = ctypes.c_size_t(len(data) + 1)
    if library().espeak_Synth(data, size, 0, _POS_CHARACTER, 0, _CHARS_UTF8, None, None) != 0:
        raise WrongData("espeak-ng failed", where=repr(text))
    samples = np.concatenate(blocks)
    segments: list[Segment] = []
    ends = [start for start, _ in starts[1:]] + [len(samples)]
    for (start, label), end in zip(starts, ends, strict=True):
        if segments and label == segments[-1][2] == SILENCE:
            begin = segments.pop()[0]
            segments.append((begin, round(end / RATE - begin, 6), SILENCE))
        elif end > start:
            segments.append((round(start / RATE, 6), round((end - start) / RATE, 6), label))
    return samples.astype(np.float32) / 32768, segments


if __name__ == "__main__":
    main()
