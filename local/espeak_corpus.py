"""A corpus by espeak-ng from the sentences of a file, with the exact time of every phoneme.

SENTENCES is a file with one sentence a line; lines that begin with # are comments. The voices take turns, so that no
two speakers read the same prompt. A voice is a language of espeak-ng with a variant, e.g. lb+f2. The program writes a
data directory, the wavs and `reference_segments.jsonl` into OUT. Equal sentences and voices give equal bytes.
"""

from __future__ import annotations

import json
import multiprocessing
from pathlib import Path

import click

from moien.audio import write_wav
from moien.corpus.datadir import Utterance, clean_text, read_lines
from moien.corpus.programs import Needed
from moien.corpus.readers import program, speaker_name, write_corpus
from moien.errors import MoienError, WrongCall, WrongData
from moien.progress import track
from moien.recipe.settings import ROOT
from moien.text.espeak_voice import RATE, SILENCE, Segment, speak


def find_sentences(name: str) -> Path:
    """The file of sentences; a recipe's path is relative to the checkout, not to the current folder."""
    for file in (Path(name), ROOT / name):
        if file.is_file():
            return file
    raise WrongData("there is no such file", where=name)


Job = tuple[str, str, Path, str]  # text, voice, wav to write, file:line


@program
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--sentences", required=True, type=Needed(find_sentences), help="File of sentences.")
@click.option(
    "--voice",
    "--voices",
    "voices",
    multiple=True,
    default=("lb+f2", "lb+m3"),
    show_default=True,
    help="A speaker; repeat the option for more.",
)
def main(out: Path, sentences: str, voices: tuple[str, ...]) -> None:
    """Write the data directory OUT."""
    speakers = {voice: speaker_name(f"espeak_{voice.rpartition('+')[2]}") for voice in voices}
    if len(set(speakers.values())) < len(voices):
        raise WrongCall(
            f"two of the voices {', '.join(voices)} would be one speaker", remedy="choose other variants"
        )
    file = find_sentences(sentences)
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
    # A new process for each sentence: espeak-ng keeps state between sentences. Forked, because the library is not
    # loaded yet, and to start Python for each sentence would take longer than the synthesis.
    with (
        multiprocessing.get_context("fork").Pool(2, maxtasksperchild=1) as pool,
        (out / "reference_segments.jsonl").open("w", encoding="utf-8", newline="\n") as segments,
    ):
        results = track(pool.imap(synthesise, jobs, chunksize=1), "synthesis by espeak-ng", total=len(jobs))
        for utterance, found in zip(utterances, results, strict=True):
            if isinstance(found, MoienError):
                raise found
            segments.write(json.dumps({"id": utterance.id, "segments": found}, ensure_ascii=False) + "\n")
    write_corpus(out, utterances, {})


def read_sentences(path: Path) -> list[tuple[str, str]]:
    """(`file:line`, sentence) of a file; WrongData if there is no sentence, or one twice."""
    found: dict[str, str] = {}
    for number, line in enumerate(read_lines(path), start=1):
        text = clean_text(line)
        if not text or text.startswith("#"):
            continue
        if text in found:  # the prompt could then be in training and in test
            raise WrongData(f"the same sentence is in {found[text]}", where=f"{path}:{number}")
        found[text] = f"{path}:{number}"
    if not found:
        raise WrongData("the file has no sentence", where=path)
    return [(where, text) for text, where in found.items()]


def synthesise(job: Job) -> list[Segment] | MoienError:
    """Write the wav of a sentence and return its segments. An error is returned, because it must be pickled."""
    text, voice, wav, where = job
    try:
        samples, segments = speak(text, voice)
        if all(label == SILENCE for _, _, label in segments):
            return WrongData(f"espeak-ng has no sound for {text!r}", where=where, remedy="write it in words")
        write_wav(wav, samples, RATE)
    except MoienError as error:
        return error
    return segments


if __name__ == "__main__":
    main()
