"""Statistics of a front end on a corpus, to be read before a model is trained on it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from moien.text.phonemes import Phonemes

GUESS = "guess"  # the source of words that no lexicon and no rule has


@dataclass
class Survey:
    """Counts over the texts that were added."""

    sources: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    symbols: Counter[str] = field(default_factory=Counter)
    guessed: Counter[tuple[str, str]] = field(default_factory=Counter)  # (word, phonemes)
    doubts: list[tuple[float, str, Phonemes]] = field(
        default_factory=list
    )  # (mean doubt of a word, id, text)

    def add(self, name: str, phonemes: Phonemes) -> None:
        """Count a text; `name` is its utterance or line."""
        self.sources.update(word.source for word in phonemes.words)
        self.rules.update(word.rule for word in phonemes.words)
        self.symbols.update(phonemes.phonemes)
        self.guessed.update((word.text, word.phonemes) for word in phonemes.words if word.source == GUESS)
        doubt = sum(1 - word.confidence for word in phonemes.words)
        if doubt > 0:
            self.doubts.append((doubt / len(phonemes.words), name, phonemes))

    def table(self, words: int = 100, sentences: int = 30) -> dict[str, Any]:
        """As JSON: counts, the most frequent guessed words, and the sentences with the lowest mean confidence."""
        worst = sorted(self.doubts, key=lambda row: (-row[0], row[1]))[:sentences]
        return {
            "words": self.sources.total(),
            "sources": dict(self.sources.most_common()),
            "rules": dict(self.rules.most_common()),
            "symbols": dict(self.symbols.most_common()),
            "guessed": [
                {"word": word, "phonemes": phonemes, "count": count}
                for (word, phonemes), count in sorted(
                    self.guessed.items(), key=lambda item: (-item[1], item[0])
                )[:words]
            ],
            "sentences": [
                {
                    "id": name,
                    "text": phonemes.text,
                    "phonemes": phonemes.phonemes,
                    "unsure": [word.text for word in phonemes.words if word.confidence < 1],
                }
                for _, name, phonemes in worst
            ],
        }
