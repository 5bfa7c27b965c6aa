"""The embedded corpus: sentences of a file, spoken by espeak-ng, with the exact time of every phoneme.

SENTENCES has one sentence a line; lines with # in front are comments. The voices take turns, so that no two speakers
read the same prompt. A voice is a language of espeak-ng with a variant, e.g. lb+f2. OUT gets a data directory, the
wavs and `reference_segments.jsonl`. The same sentences and voices give the same bytes at every run.
"""

from __future__ import annotations

import json
import multiprocessing
from pathlib import Path

import click

from moien.audio import write_wav
from moien.corpus.datadir import Utterance, clean_text, read_lines
from moien.corpus.readers import program, speaker_name, write_corpus
from moien.errors import MoienError, WrongCall, WrongData
from moien.progress import track
from moien.recipe.settings import ROOT
from moien.text.espeak_voice import RATE, SILENCE, Segment, speak

Job = tuple[str, str, Path, str]  # text, voice, wav to write, file:line


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


if __name__ == "__main__":
    main()
