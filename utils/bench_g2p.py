"""How fast known words become phonemes, and how soon the first one comes; exit 1 below the targets.

    utils/bench_g2p.py [--gruut FOLDER]      FOLDER: pip install --target FOLDER gruut gruut-lang-lb

The same sentences of ten known words go through each front end, in turn and several times, on one core; the best time
counts. Every word is new to its front end in each round but for what it has learnt from earlier sentences.
"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import click

from moien.config import ROOT
from moien.text.espeak import transcribe
from moien.text.lb import LuxembourgishFrontend
from moien.text.lb.frontend import load_lexicon

WORDS, ROUNDS, STARTS = 20_000, 3, 5
FASTER_THAN_GRUUT, FASTER_THAN_ESPEAK, FIRST_PHONEME_S = 10.0, 1.0, 0.5
START = "from moien.text.lb import LBG2P; import sys; LBG2P()('Moien'); sys.exit('torch' in sys.modules)"


@click.command(help=__doc__)
@click.option("--gruut", "folder", type=click.Path(path_type=Path, exists=True))
def main(folder: Path | None) -> None:
    """Print words a second and the ratios."""
    known = sorted({word.lower() for word, _ in load_lexicon(None)[0] if word.isalpha()})
    words = random.Random(0).sample(known, min(WORDS, len(known)))
    sentences = [" ".join(words[i : i + 10]) for i in range(0, len(words), 10)]
    readers: dict[str, Callable[[], Callable[[str], object]]] = {
        "moien": LuxembourgishFrontend.load,
        "espeak-ng": lambda: lambda text: transcribe(text, "lb"),
    }
    if folder is not None:
        sys.path.append(str(folder))
        import gruut

        readers["gruut"] = lambda: (
            lambda text: [w.phonemes for s in gruut.sentences(text, lang="lb") for w in s]
        )
    rates = dict.fromkeys(readers, 0.0)
    for _ in range(ROUNDS):
        for name, make in readers.items():
            read = make()  # a new one: nothing is kept from the round before
            count = 200 if name == "gruut" else len(sentences)
            read("Moien")
            started = time.process_time()
            for sentence in sentences[:count]:
                read(sentence)
            rates[name] = max(rates[name], 10 * count / (time.process_time() - started))
    first = min(_start() for _ in range(STARTS))
    for name, rate in rates.items():
        print(f"{name}: {rate:,.0f} known words a second, moien is {rates['moien'] / rate:.1f} times as fast")
    print(f"from start to the first phoneme: {first:.2f} s")
    slow = rates["moien"] < FASTER_THAN_ESPEAK * rates["espeak-ng"] or first > FIRST_PHONEME_S
    if slow or rates["moien"] < FASTER_THAN_GRUUT * rates.get("gruut", 0):
        print("below the target", file=sys.stderr)
        sys.exit(1)


def _start() -> float:
    started = time.perf_counter()
    if subprocess.run(
        [sys.executable, "-c", START], cwd=ROOT, check=False, stderr=subprocess.DEVNULL
    ).returncode:
        sys.exit("the front end imports torch, or fails")
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
