"""Words per second, known ones and those of a real text, and the time to the first phoneme; exit 1 below the targets.

    tools/bench_g2p.py [--gruut FOLDER] [--text FILE]

FOLDER: pip install --target FOLDER gruut gruut-lang-lb; FILE: `id|text|…` in each line, as metadata.csv of Marylux.

The same sentences of ten known words go through each front end, in turn and several times, on one core; the best time
counts. No word occurs twice, so caches of a front end do not help. The real text is read once in a new process, without
a recipe's own corrections: its unknown words and names take most of the time.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from moien.commands.options import FILE
from moien.corpus.readers import program
from moien.recipe.settings import ROOT
from moien.text.espeak import transcribe
from moien.text.lb import LuxembourgishFrontend
from moien.text.lb.frontend import load_lexicon

WORDS, WORDS_FOR_GRUUT, ROUNDS, STARTS = 20_000, 2_000, 3, 5
FASTER_THAN_GRUUT, FASTER_THAN_ESPEAK, FIRST_PHONEME_S = 10.0, 1.0, 0.4
COLD = 15_000  # words of a real text per second of processor time
_START = "from moien.text.lb import LBG2P; import sys; LBG2P()('Moien'); sys.exit('torch' in sys.modules)"
_COLD = """
import sys, time
from moien.text.lb import LuxembourgishFrontend
texts = [line.split("|")[1] for line in open(sys.argv[1], encoding="utf-8")][1:]
read = LuxembourgishFrontend.load()
read("Moien")
started = time.process_time()
words = sum(len(read(text).words) for text in texts)
print(words / (time.process_time() - started))
"""
_GRUUT = """
import json, sys, time
import gruut
read = lambda text: [word.phonemes for sentence in gruut.sentences(text, lang="lb") for word in sentence]
read("Moien")
sentences = json.load(sys.stdin)
started = time.process_time()
for sentence in sentences:
    read(sentence)
print(time.process_time() - started)
"""


def seconds(read: Callable[[str], object], sentences: Sequence[str]) -> float:
    """Processor time for all sentences, without the first word, which loads what is loaded late."""
    read("Moien")
    started = time.process_time()
    for sentence in sentences:
        read(sentence)
    return time.process_time() - started


def gruut_seconds(folder: Path, sentences: Sequence[str]) -> float:
    """The same for gruut, in a process of its own, because it installs another numpy."""
    command, environment = [sys.executable, "-c", _GRUUT], {**os.environ, "PYTHONPATH": str(folder)}
    text = json.dumps(sentences)
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=True, env=environment)
    return float(done.stdout)


def cold_rate(file: Path) -> float:
    """Words of a real text per second of processor time, in a new process."""
    command = [sys.executable, "-c", _COLD, str(file.resolve())]
    return float(subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout)


def first_phoneme_seconds() -> float:
    """From the start of Python to the first phoneme."""
    started = time.perf_counter()
    if subprocess.run([sys.executable, "-c", _START], cwd=ROOT, check=False).returncode:
        sys.exit("the front end imports torch, or fails")
    return time.perf_counter() - started


@program
@click.option("--gruut", "folder", type=click.Path(path_type=Path, exists=True))
@click.option("--text", "file", type=FILE)
def main(folder: Path | None, file: Path | None) -> None:
    """Print words per second and the ratios."""
    known = sorted({word.lower() for word, _ in load_lexicon(None)[0] if word.isalpha()})
    words = random.Random(0).sample(known, min(WORDS, len(known)))
    sentences = [" ".join(words[i : i + 10]) for i in range(0, len(words), 10)]
    some = sentences[: WORDS_FOR_GRUUT // 10]
    rates: dict[str, float] = {}
    for _ in range(ROUNDS):
        times = {
            "moien": (seconds(LuxembourgishFrontend.load(), sentences), sentences),
            "espeak-ng": (seconds(lambda text: transcribe(text, "lb"), sentences), sentences),
        }
        if folder is not None:
            times["gruut"] = (gruut_seconds(folder, some), some)
        for name, (time_s, read) in times.items():
            rates[name] = max(rates.get(name, 0), 10 * len(read) / time_s)
    first = min(first_phoneme_seconds() for _ in range(STARTS))
    cold = max(cold_rate(file) for _ in range(ROUNDS)) if file else COLD
    for name, rate in rates.items():
        print(f"{name}: {rate:,.0f} known words a second; moien is {rates['moien'] / rate:.2f} times as fast")
    if file:
        print(f"moien: {cold:,.0f} words of {file} a second, read once in a new process")
    print(f"from start to the first phoneme: {first:.2f} s")
    targets = (FASTER_THAN_ESPEAK * rates["espeak-ng"], FASTER_THAN_GRUUT * rates.get("gruut", 0))
    if rates["moien"] < max(targets) or first > FIRST_PHONEME_S or cold < COLD:
        print("below the target", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
