"""Acoustic boundaries: viter's GMM-HMM, trained on the corpus itself (the Montreal Forced Aligner's recipe).

All splits train the model and are aligned together: an alignment does not evaluate the voice, and the boundaries of
the test split are as good as those of the train split only if both train the model. Monophones, then triphones with
deltas; LDA and speaker adaptation take five times as long and do not improve the boundaries of one speaker.
viter: github.com/thewh1teagle/viter (MIT).
"""

from __future__ import annotations

import os
import queue
import shutil
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moien.align.item import Item
from moien.errors import WrongData
from moien.progress import track

SILENCE = "sil"  # viter's label of the optional silence between words
RARE = 10  # a phone with fewer occurrences is modelled by its base symbol: `œː` as `œ`
# viter sums over as many parts as it has threads, and rounding moves 3 % of the edges by more than 12 ms. So the number
# is the same everywhere; on fewer cores they take turns.
THREADS = 4


@dataclass(frozen=True)
class PhoneTime:
    """A phone with its start and end, in seconds from the start of the audio."""

    label: str
    start: float
    end: float


Phones = dict[str, list[PhoneTime]]  # utterance → its phones in order


def align(items: Mapping[str, Item], work: Path, seed: int) -> Phones:
    """Train on all utterances and align them: phones of each in order, silences left out.

    The same utterances and seed give the same times on any number of cores. An utterance whose text cannot be
    found in its audio is not in the result. `work` is a folder for viter's files, removed at the end. WrongData when
    viter fails.
    """
    os.environ["RAYON_NUM_THREADS"] = str(THREADS)  # read once, when viter starts its thread pool
    import viter

    fold = fold_rare(item.words for item in items.values())
    texts = {
        u: " | ".join(" ".join(fold[p] for p in word) for word in item.words) for u, item in items.items()
    }
    for u, item in items.items():
        folder = work / item.utterance.speaker  # viter takes the folder's name as the speaker
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{u}{item.utterance.audio.suffix}").symlink_to(item.utterance.audio.resolve())
        (folder / f"{u}.txt").write_text(texts[u] + "\n", encoding="utf-8")
    try:
        model = _train(viter, work, seed)
        found = model.align_many(
            [(item.utterance.audio, texts[u]) for u, item in items.items()],
            speakers=[item.utterance.speaker for item in items.values()],
        )
    except viter.ViterError as error:
        raise WrongData(f"the aligner failed: {error}", where="viter") from error
    shutil.rmtree(work)
    return {
        u: _phones(item, result) for (u, item), result in zip(items.items(), found, strict=True) if result
    }


def fold_rare(utterances: Iterable[Sequence[Sequence[str]]]) -> dict[str, str]:
    """Label → label that the HMM models: a rare phone shares the model of its base symbol."""
    counts = Counter(phone for words in utterances for word in words for phone in word)
    return {phone: phone if count >= RARE else phone[0] for phone, count in counts.items()}


def _train(viter: Any, corpus: Path, seed: int) -> Any:
    """viter.train in a thread, so that its callback can update our progress line and Ctrl-C works."""
    ticks: queue.SimpleQueue[float | None] = queue.SimpleQueue()
    outcome: dict[str, Any] = {}

    def work() -> None:
        try:
            outcome["model"] = viter.train(
                corpus,
                cpu=True,
                seed=seed,
                no_lda=True,
                no_sat=True,
                no_pron_probs=True,
                quiet=True,
                progress=lambda info: ticks.put(info["fraction"]),
            )
        except Exception as error:  # handed to the caller's thread below
            outcome["error"] = error
        finally:
            ticks.put(None)

    threading.Thread(target=work, daemon=True).start()
    for _ in track(_percent(ticks), "training the aligner", total=100):
        pass
    if "error" in outcome:
        raise outcome["error"]
    return outcome["model"]


def _percent(ticks: queue.SimpleQueue[float | None]) -> Iterator[int]:
    """One item for each per cent that is done."""
    done = 0
    while (fraction := ticks.get()) is not None:
        while done < min(100, int(100 * fraction)):
            done += 1
            yield done


def _phones(item: Item, result: Any) -> list[PhoneTime]:
    labels = [phone for word in item.words for phone in word]
    found = [phone for phone in result.phones if phone.label != SILENCE]
    if len(found) != len(labels):
        raise WrongData(
            f"{len(found)} phones were aligned, {len(labels)} were expected", where=f"utterance {item.id}"
        )
    return [PhoneTime(label, p.start, p.end) for label, p in zip(labels, found, strict=True)]
