"""Score the reading of unknown words on a held-out tenth of LOD official: `make score-g2p`, for docs/front-end.md.

    tools/score_g2p.py --model HELD_OUT.zip [--gruut FOLDER]

HELD_OUT.zip is made by `tools/train_g2p.py --held-out --output HELD_OUT.zip`. FOLDER is made by
`pip install --target FOLDER gruut gruut-lang-lb`; without it there are no rows for gruut.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import click

from moien.commands.options import FILE
from moien.corpus.readers import program
from moien.edits import edit_distance
from moien.text.espeak import transcribe
from moien.text.lb.compounds import Counts, Split, Splitter
from moien.text.lb.foreign import french
from moien.text.lb.heldout import held_out, units
from moien.text.lb.layers import read_layers
from moien.text.lb.lexicon import Lexicon
from moien.text.lb.merge import merge
from moien.text.lb.model import LetterModel
from moien.text.lb.notation import mend, unmarked
from moien.text.lb.sounds import from_espeak
from moien.text.lb.stress import NUCLEUS, stress
from moien.text.lb.unknown import SURE, UnknownWords

Reader = Callable[[str], str]
_GRUUT = """
import json, sys
from gruut.g2p import GraphemesToPhonemes
crf = GraphemesToPhonemes(sys.argv[1])
print(json.dumps({word: "".join(crf(word)) for word in json.load(sys.stdin)}))
"""


def score(read: Reader, words: dict[str, str]) -> str:
    """A row: words, phoneme error and right words in %, length ignored and counted; stress where LOD marks it."""
    wrong, right, total, marked, well = [0, 0], [0, 0], 0, 0, 0
    for word, reference in words.items():
        phonemes = read(word)
        theirs, ours = units(unmarked(reference)), units(unmarked(phonemes))
        total += len(theirs)
        short = [[unit.replace("ː", "") for unit in side] for side in (theirs, ours)]
        for i, (a, b) in enumerate((short, (theirs, ours))):
            errors = edit_distance(a, b)
            wrong[i] += errors
            right[i] += not errors
        if "ˈ" in reference and len(NUCLEUS.findall(reference)) > 1:
            marked += 1
            well += _stressed(phonemes) == _stressed(reference)
    n = len(words) or 1
    total = total or 1
    figures = [100 * wrong[0] / total, 100 * right[0] / n, 100 * wrong[1] / total, 100 * right[1] / n]
    stressed = f"{100 * well / marked:.1f}" if well else "–"
    return "| " + " | ".join([str(len(words)), *(f"{f:.1f}" for f in figures), stressed]) + " |"


def _stressed(phonemes: str) -> int:
    """Which vowel is stressed, counted from 0; -1 if none is."""
    head, mark, _ = phonemes.partition("ˈ")
    return len(NUCLEUS.findall(head)) if mark else -1


def gruut(folder: Path, words: list[str]) -> tuple[dict[str, str], dict[str, str]]:
    """The phonemes of gruut as it is shipped (lexicon, else CRF), and those of its CRF alone."""
    data = folder / "gruut_lang_lb"
    command = [sys.executable, "-c", _GRUUT, str(data / "g2p" / "model.crf")]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    done = subprocess.run(
        command, input=json.dumps(words), capture_output=True, text=True, check=True, env=environment
    )
    guessed = {word: mend(ipa, word)[0] for word, ipa in json.loads(done.stdout).items()}
    database = sqlite3.connect(f"{(data / 'lexicon.db').resolve().as_uri()}?mode=ro", uri=True)
    rows = database.execute("SELECT word, phonemes FROM word_phonemes ORDER BY word, pron_order DESC")
    known = dict(rows)  # the first in order wins, as in gruut
    database.close()
    return {w: mend(known[w], w)[0] if w in known else guessed[w] for w in words}, guessed


@program
@click.option("--model", "file", type=FILE, required=True)
@click.option("--gruut", "folder", type=click.Path(path_type=Path, exists=True))
def main(file: Path, folder: Path | None) -> None:
    """Print two tables: all held-out words, and those of them that are not in LOD 2021."""
    model, counts = LetterModel.open(file), Counts.open(file)
    layers, lost = read_layers()
    if lost:
        print(lost, file=sys.stderr)
    by_name = {layer.name: layer.words for layer in layers}
    words = {w: p for w, p in sorted(by_name["lod"].items()) if held_out(w) and w.isalpha()}
    mended = merge(layers)  # LOD's program leaves out the e that the n-rule left: kéise is kɜɪzə
    words |= {w: p for w in words if (p := mended[w].phonemes)[-1] == "ə" != words[w][-1] and w.endswith("e")}
    with tempfile.TemporaryDirectory() as scratch:
        lexicon = Lexicon.build(layers, Path(scratch) / "held-out.bin", frozenset(words))
        rows = _rows(
            words, folder, UnknownWords(lexicon, model, counts), Splitter(_sounds(lexicon), counts), model
        )
    new = words.keys() - by_name["lod2021"].keys()
    for title, wanted in (("all held-out words", words.keys()), ("not in LOD 2021", new)):
        print(
            f"\n| {title} | words | error | right | error with length | right | stress |\n|---{'|--:' * 6}|"
        )
        for name, read, covered in rows:
            print(f"| {name} {score(read, {word: words[word] for word in covered if word in wanted})}")


def _rows(
    words: dict[str, str], folder: Path | None, whole: UnknownWords, splitter: Splitter, model: LetterModel
) -> list[tuple[str, Reader, list[str]]]:
    """Name of the row, its reader, and the words that it can read."""
    every = list(words)
    began = time.perf_counter()
    ours = {word: whole.pronounce(word) for word in every}
    print(f"{len(words) / (time.perf_counter() - began):.0f} unknown words a second")
    rows: list[tuple[str, Reader, list[str]]] = [
        ("espeak-ng, voice lb", lambda word: stress(word, from_espeak(transcribe(word, "lb"))), every)
    ]
    if folder:
        shipped, guessed = gruut(folder, every)
        rows += [
            ("gruut, lexicon and CRF", shipped.__getitem__, every),
            ("gruut, CRF", guessed.__getitem__, every),
        ]
    rows.append(("model alone", lambda word: stress(word, model.read(word).phonemes), every))
    for name, split in (("compound", splitter.compound), ("affix", splitter.form)):
        found = {word: made for word in every if (made := split(word)) and made.confidence >= SURE}
        rows.append((f"{name} alone, where it is sure", _reader(found), list(found)))
    rows.append(("French rules alone, where they fire", french, [word for word in every if french(word)]))
    rows.append(("**whole**", lambda word: ours[word].phonemes, every))
    for source in sorted({reading.source for reading in ours.values()}):
        rows.append(
            (f"whole, source `{source}`", rows[-1][1], [w for w in every if ours[w].source == source])
        )
    return rows


def _sounds(lexicon: Lexicon) -> Callable[[str], str | None]:
    return lambda part: entry.phonemes if (entry := lexicon.lookup(part)) else None


def _reader(found: dict[str, Split]) -> Reader:
    return lambda word: found[word].phonemes


if __name__ == "__main__":
    main()
