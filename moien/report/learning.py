"""Samples of the training: one sentence spoken at each interval, as a card with a row for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moien.corpus.datadir import read_datadir
from moien.report.cards import Panel, card
from moien.score.sentences import NATURAL, Sentence

MOST = 8  # with the recording nine rows: a key of the keyboard each


@dataclass(frozen=True)
class Learning:
    """The sentence with its recording and the sample of each interval, and a caption for each."""

    sentence: Sentence
    captions: Mapping[str, str]


def read_learning(train: Path, dev: Path, history: Sequence[Mapping[str, Any]]) -> Learning | None:
    """At most eight samples, evenly, the first and the last among them; None without any.

    They are of one utterance, which the last sample speaks: with several speakers they take turns.

    Args:
        train: output of stage 6; a row of `history` names its sample in `samples/`, and the utterance it speaks.
        dev: the data directory that has the utterance.
    """
    spoken: dict[str, Path] = {}
    captions: dict[str, str] = {}
    rows = [row for row in history if row.get("utterance") == history[-1].get("utterance", "")]
    count = min(len(rows), MOST)
    for row in (rows[i * (len(rows) - 1) // max(count - 1, 1)] for i in range(count)):
        name = f"{row['phase']} {row['step']}"
        while name in spoken:  # a phase that was repeated
            name += "′"
        spoken[name] = train / "samples" / row["sample"]
        losses = (f"{loss.replace('_', ' ')} {value:.3g}" for loss, value in row["dev"].items())
        captions[name] = f"dev: {', '.join(losses)}"
    if not spoken:
        return None
    own = {u.id: u for u in read_datadir(dev)}[rows[0]["utterance"]]
    return Learning(Sentence(own.id, own.speaker, own.text, spoken, own.audio), captions)


def learning_card(
    learning: Learning, clips: Mapping[str, Panel], scale: tuple[float, float]
) -> dict[str, Any]:
    """What the template of a card needs; the losses stand beside each row."""
    made = card(learning.sentence, clips, scale)
    for panel in made["panels"]:
        panel["note"] = learning.captions.get(panel["row"], "")
    looks = {row: NATURAL if row == NATURAL else "trained" for row in clips}
    return made | {"looks": looks}
