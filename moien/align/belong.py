"""Whether the texts belong to the recordings: a table that lost a row gives each recording the text of its neighbour.

`outliers` (confidence.py) compares an utterance with its own corpus, so it cannot find that most texts are wrong. Two
tests judge the corpus itself.

Lengths, before the aligner is trained: a longer text takes longer to read. In five corpora, seconds and phones agree
within 6 to 13 %. A stretch of rows is wrong if the texts of the rows a few places up or down predict its durations
clearly better than its own texts do, or if even no text does.

Sounds, after the aligner, where the lengths neither refuse the texts nor speak for them (texts of equal lengths, some
shuffled tables and translations): the phones of wrong texts mean nothing, so a classifier does not recognise them in
a recording that it has not seen.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import numpy as np

from moien.align.confidence import Classifier, cepstra, frame_classes, frames_of, robust
from moien.align.hmm import PhoneTime
from moien.align.item import Item
from moien.audio import read_audio
from moien.errors import WrongData
from moien.progress import track

# Of the log likelihood ratio. 60 shifted texts have 73 to 121, right ones below 8, with a fifth of wrong ones below 14;
# sudden changes of the speaking rate can reach 20.
LIMIT = 20.0
EDGE = 2.0  # less for each end of the table that a stretch reaches: most shifts reach the last row
OWN, NO_TEXT = 0, 99  # in place of a lag
FARTHEST = 5  # rows: the largest shift that is recognised as a shift
AROUND = 15  # rows before and after: rates drift over sessions, and lists of words are read slowly
SPREAD = 0.06, 0.25  # bounds for the spread of log durations: espeak-ng's, and that of a lively speaker
CAP = 2.5  # spreads: a single wrong text must not decide about its neighbours
PAUSE_PHONES = 3  # a punctuation mark takes as long as so many phones
EDGES_S = 0.1  # the silence that stage 1 leaves at both ends

DOUBT = (
    -10.0
)  # of the log likelihood ratio of no text: 48 right texts have -24 or less, wrong ones -5 or more
FEWEST = 48  # recordings: 36 taught the aligner the phones in three corpora, 30 did not in one
FOLDS = 5
# Right texts have 0.92 to 1.00 (0.78 in noise of 3 dB), shuffled ones and translations 0.53 to 0.66; chance is 0.5.
RECOGNISED = 0.70


class Stretch(NamedTuple):
    """Rows `[start, stop)` whose durations fit the texts `lag` rows below better than their own.

    `lag` is `NO_TEXT` if they fit no near text. `gain` is the log likelihood ratio.
    """

    start: int
    stop: int
    lag: int
    gain: float


def refuse_lengths(items: Mapping[str, Item]) -> None:
    """WrongData if the lengths of the texts do not fit the recordings, or not in some part of the table."""
    if not items:
        return
    orders = sorted(items), sorted(items, key=lambda u: _in_table(items[u]))
    both = [(misfits(row_gains(*lengths(items, ids))), ids) for ids in orders]
    found, ids = max(both, key=lambda one: sum(stretch.gain for stretch in one[0]))
    if found:
        raise _refusal("; ".join(_where(stretch, ids) for stretch in found), ids[found[0].start])


def refuse_sounds(items: Mapping[str, Item], phones: Mapping[str, Sequence[PhoneTime]]) -> None:
    """WrongData if lengths do not speak for the texts, and their phones are not recognised in the recordings."""
    if len(items) < FEWEST or not phones:
        return
    if row_gains(*lengths(items, sorted(items)))[NO_TEXT].sum() < DOUBT:
        return
    shares = recognised({u: items[u].utterance.audio for u in phones}, phones)
    if (share := float(np.median(list(shares.values())))) < RECOGNISED:
        what = f"{share:.2f} of the phones of the texts are recognised in the recordings, less than {RECOGNISED}; "
        raise _refusal(f"{what}chance is 0.5", min(shares, key=lambda u: shares[u]))


def recognised(audio: Mapping[str, Path], phones: Mapping[str, Sequence[PhoneTime]]) -> dict[str, float]:
    """Per utterance, how often a phone fits its frames better than another phone of the utterance would.

    A linear classifier (LDA) judges that has not seen the utterance; chance is 0.5. `audio` are files at 24 kHz.
    """
    labels = sorted({phone.label for sequence in phones.values() for phone in sequence})
    numbers = {label: number for number, label in enumerate(labels)}
    classifiers = [Classifier(len(labels) + 1) for _ in range(FOLDS)]  # the last class is silence
    frames: dict[str, np.ndarray] = {}
    for place, (u, sequence) in enumerate(track(phones.items(), "do the sounds fit the texts?")):
        frames[u] = cepstra(read_audio(audio[u])[0])
        classes = frame_classes(sequence, numbers, len(frames[u]))
        for fold, classifier in enumerate(classifiers):
            if place % FOLDS != fold:
                classifier.add(frames[u], classes)
    for classifier in classifiers:
        classifier.estimate()
    shares = {}
    for place, (u, sequence) in enumerate(phones.items()):
        judge = classifiers[place % FOLDS]
        evidence = judge.log_posterior(frames[u]) - judge.log_prior
        own = np.array([numbers[phone.label] for phone in sequence])
        scores = np.array([evidence[frames_of(phone, len(evidence))].mean(axis=0)[own] for phone in sequence])
        other = own[:, None] != own
        shares[u] = float((scores.diagonal()[:, None] > scores)[other].mean()) if other.any() else 0.5
    return shares


def lengths(items: Mapping[str, Item], ids: Sequence[str]) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Log phones of the text `[N]`, log seconds of the speech `[N]`, and speakers, in the order of `ids`."""
    phones = []
    for u in ids:
        text = items[u].phonemes.phonemes
        pauses = sum(unit.is_pause and text[unit.start] != " " for unit in items[u].units)
        phones.append(max(1, sum(not unit.is_pause for unit in items[u].units) + PAUSE_PHONES * pauses))
    seconds = [max(items[u].seconds - EDGES_S, EDGES_S) for u in ids]
    return np.log(phones), np.log(seconds), [items[u].utterance.speaker for u in ids]


def row_gains(length: np.ndarray, seconds: np.ndarray, speakers: Sequence[str]) -> dict[int, np.ndarray]:
    """How much better than its own text another predicts the duration of each row: lag → log likelihood ratios `[N]`.

    The arguments are those of `lengths`. They are compared relative to the speaker and to the rows around, so that a
    speaker or a session may be slow.
    """
    rows = len(length)
    x, y = (_level(values, np.array(speakers)) for values in (length, seconds))
    padded = np.pad(x, FARTHEST, constant_values=np.nan)
    lags = [lag for lag in range(-FARTHEST, FARTHEST + 1) if 2 * abs(lag) < rows]
    errors = {lag: y - padded[FARTHEST + lag : FARTHEST + lag + rows] for lag in lags}
    spread = float(np.clip(min(robust(e[~np.isnan(e)])[1] for e in errors.values()), *SPREAD))
    own = _cost(errors.pop(OWN), spread)
    gains = {OWN: np.zeros(rows)}
    gains |= {lag: np.nan_to_num(own - _cost(error, spread)) for lag, error in errors.items()}
    alone = max(float(y.std()), spread)
    gains[NO_TEXT] = own - _cost(y, alone) - np.log(alone / spread)
    return gains


def misfits(gains: Mapping[int, np.ndarray]) -> list[Stretch]:
    """The stretches of rows that gain more than `LIMIT`, by row."""
    found, row = [], 0
    for lag, run in groupby(_best_path(gains)):
        start, row = row, row + len(list(run))
        if lag != OWN:
            found.append(Stretch(start, row, lag, float(gains[lag][start:row].sum())))
    return found


def _best_path(gains: Mapping[int, np.ndarray]) -> list[int]:
    """The lag of each row, for the largest sum of gains if a stretch costs about `LIMIT` (Viterbi's algorithm)."""
    lags = list(gains)  # the first is OWN
    columns = np.array(list(gains.values())).T
    toll = np.full((len(lags), len(lags)), LIMIT / 2)  # from, to
    toll[0], toll[:, 0] = LIMIT - EDGE, EDGE
    np.fill_diagonal(toll, 0)
    total, back = columns[0] - np.maximum(toll[0] - EDGE, 0), []
    for column in columns[1:]:
        paths = total[:, None] - toll
        back.append(paths.argmax(axis=0))
        total = paths.max(axis=0) + column
    path = [int(total.argmax())]
    for before in reversed(back):
        path.append(int(before[path[-1]]))
    return [lags[state] for state in reversed(path)]


def _in_table(item: Item) -> list[str | int]:
    """A key that sorts 9 before 10, and rows of speakers who took turns."""
    name = item.id.removeprefix(item.utterance.speaker)
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", name)]


def _level(values: np.ndarray, speakers: np.ndarray) -> np.ndarray:
    """Values relative to the mean of their speaker, then to the mean of the rows around."""
    values = values.copy()
    for speaker in set(speakers):
        values[speakers == speaker] -= values[speakers == speaker].mean()
    sums, counts = (
        np.convolve(np.pad(v, AROUND), np.ones(2 * AROUND + 1), "valid")
        for v in (values, np.ones(len(values)))
    )
    return values - sums / counts


def _cost(error: np.ndarray, spread: float) -> np.ndarray:
    """Negative log likelihood of errors up to a constant, for each row at most that of `CAP` spreads."""
    return np.minimum((error / spread) ** 2, CAP**2) / 2


def _where(stretch: Stretch, ids: Sequence[str]) -> str:
    start, stop, lag, _ = stretch
    rows = f"from {ids[start]} to {ids[stop - 1]} ({stop - start} of {len(ids)} recordings)"
    if lag == NO_TEXT:
        return f"{rows}, the texts do not fit the recordings"
    place = f"{abs(lag)} row{'s' * (abs(lag) > 1)} {'below' if lag > 0 else 'above'}"
    return f"{rows}, the text {place} fits better"


def _refusal(what: str, first: str) -> WrongData:
    return WrongData(
        what,
        where="stage 3 (align)",
        remedy=f"are texts shifted by a row? Compare {first} and the rows around it with the recordings, and mend the "
        "table of the corpus; if its texts are right, --set max_dropped=1 goes on",
    )
