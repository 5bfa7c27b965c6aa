"""Stage 2, g2p: the text of every utterance as phonemes in Kokoro's symbols, with the source of each word."""

from __future__ import annotations

import json

from moien.corpus.datadir import SPLITS, read_datadir
from moien.errors import WrongData
from moien.kokoro.symbols import MAX_PHONEMES
from moien.progress import track
from moien.recipe.stages import StageRun, stage
from moien.report.survey_page import write_survey
from moien.text import CORRECTIONS, Phonemes, load_frontend, prepare_frontend, write_phonemes
from moien.text.survey import Survey


@stage("g2p")
def main(run: StageRun) -> None:
    """Write `{split}.jsonl`, `frontend/`, and a survey: `survey.json`, `survey.html`."""
    source = run.settings.g2p, run.settings.language, run.recipe_dir / CORRECTIONS
    if lost := prepare_frontend(*source, run.settings.system.download_lexica):
        print(lost)
    frontend = load_frontend(*source)
    survey = Survey()
    for split in SPLITS:
        readings: dict[str, Phonemes] = {}
        for utterance in track(read_datadir(run.inputs["data"] / split), f"g2p {split}"):
            try:
                phonemes = frontend(utterance.text)
            except WrongData as error:
                run.tally.drop(utterance.id, f"text that cannot be spoken: {error.message}")
                continue
            if (count := len(phonemes.phonemes)) > MAX_PHONEMES:
                reason = f"over {MAX_PHONEMES} phonemes: {count}; cut it into two utterances"
                run.tally.drop(utterance.id, reason)
                continue
            readings[utterance.id] = phonemes
            survey.add(utterance.id, phonemes)
            run.tally.keep()
        if not readings:
            raise WrongData(f"no text of {split} can be spoken: {run.tally.reasons}", where="stage g2p")
        write_phonemes(run.out / f"{split}.jsonl", readings)
    frontend.save(run.out / "frontend")
    table = survey.table()
    (run.out / "survey.json").write_text(
        json.dumps(table, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    write_survey(
        run.out / "survey.html", table, title=f"recipe {run.settings.recipe}", language=frontend.language
    )
    shares = ", ".join(f"{source} {count / table['words']:.1%}" for source, count in table["sources"].items())
    print(f"words by source: {shares}; {len(table['symbols'])} different symbols")
    for name in ("sources", "guessed"):
        run.note(f"words_{name}", table[name])


if __name__ == "__main__":
    main()
