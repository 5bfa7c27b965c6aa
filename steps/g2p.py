"""Stage 2, g2p: the text of every utterance as phonemes in Kokoro's symbols, with the source of each word."""

from __future__ import annotations

import json
from collections import Counter

from moien.datadir import SPLITS, read_datadir
from moien.errors import WrongData
from moien.kokoro.symbols import MAX_PHONEMES
from moien.progress import track
from moien.stages import StageRun, stage
from moien.text import Phonemes, load_frontend, write_phonemes


@stage("g2p")
def main(run: StageRun) -> None:
    """Write `{split}.jsonl`, `frontend/` and two tables of counts: words by source, and symbols."""
    frontend = load_frontend(run.settings.g2p, run.settings.language)
    sources: Counter[str] = Counter()
    symbols: Counter[str] = Counter()
    for split in SPLITS:
        said: dict[str, Phonemes] = {}
        for utterance in track(read_datadir(run.inputs["data"] / split), f"g2p {split}"):
            try:
                phonemes = frontend(utterance.text)
            except WrongData as error:
                run.tally.drop(utterance.id, f"text that cannot be spoken: {error.message}")
                continue
            if len(phonemes.phonemes) > MAX_PHONEMES:
                count = len(phonemes.phonemes)
                run.tally.drop(
                    utterance.id, f"over {MAX_PHONEMES} phonemes: {count}; cut it into two utterances"
                )
                continue
            said[utterance.id] = phonemes
            sources.update(word.source for word in phonemes.words)
            symbols.update(phonemes.phonemes)
            run.tally.keep()
        write_phonemes(run.out / f"{split}.jsonl", said)
    frontend.save(run.out / "frontend")
    for name, counts in (("words_by_source", sources), ("symbols", symbols)):
        table = json.dumps(dict(sorted(counts.items())), indent=1, ensure_ascii=False)
        (run.out / f"{name}.json").write_text(table + "\n", encoding="utf-8")
    total = sources.total() or 1
    shares = ", ".join(f"{source} {count / total:.1%}" for source, count in sources.most_common())
    print(f"words by source: {shares}; {len(symbols)} different symbols")
    run.note("words_by_source", dict(sorted(sources.items())))


if __name__ == "__main__":
    main()
