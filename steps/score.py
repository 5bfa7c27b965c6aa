"""Stage 8, score: natural, stock and trained speech of the test split in numbers, and the page to look at.

Writes scores.json (means with 95 % intervals), metrics.json (the trained voice's means, for `dvc metrics`),
utterances.jsonl (each sentence), scores.png, spectrograms.png and report.html, which is one file and opens offline.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from moien.corpus.datadir import read_datadir
from moien.recipe.stages import StageRun, stage


@stage("score")
def main(run: StageRun) -> None:
    """Score, summarise, draw, and print the table."""
    from rich.console import Console

    from moien.report.about import about
    from moien.report.command import command
    from moien.report.page import write_page
    from moien.report.plots import plot_scores, plot_spectrograms
    from moien.report.table import terminal_table, verdict
    from moien.score.bootstrap import RESAMPLES
    from moien.score.judges import Judges
    from moien.score.run import score_sentences
    from moien.score.sentences import find_problems, read_sentences, usable
    from moien.score.speakers import floor, speaker_centroids
    from moien.score.summary import scores_json
    from moien.threads import use_threads

    use_threads(run.settings.system.threads)
    settings = run.settings.score
    sentences = read_sentences(run.inputs["decode"], run.inputs["data"] / "test")
    problems = find_problems(sentences)
    sentences = usable(sentences, problems, settings.keep_going)
    for problem in problems:
        run.tally.drop(problem.id, f"cannot be scored: {problem.reason}")
    recorded = [sentence for sentence in sentences if sentence.natural]
    train = read_datadir(run.inputs["data"] / "train")
    judges = Judges.of(settings, run.settings.language, run.device, recogniser(run))
    voices = speaker_centroids(train, judges=judges)
    centroids = {s.id: voices[s.speaker] for s in recorded if s.speaker in voices}
    scored = list(score_sentences(recorded, centroids, run.nj, judges))
    run.tally.keep(len(scored))

    others = floor(voices, packs_of_base(run))
    made_by, seed = command(run.settings), run.settings.seed
    scores = scores_json(
        run.settings.recipe, made_by, scored, problems, others, resamples=RESAMPLES, seed=seed
    )
    (run.out / "scores.json").write_text(json.dumps(scores, indent=1) + "\n", encoding="utf-8")
    means = {name: estimate["mean"] for name, estimate in scores["rows"]["trained"].items()}
    (run.out / "metrics.json").write_text(json.dumps(means, indent=1) + "\n", encoding="utf-8")
    lines = "".join(json.dumps(sentence.as_json(), ensure_ascii=False) + "\n" for sentence in scored)
    (run.out / "utterances.jsonl").write_text(lines, encoding="utf-8")
    plot_scores(scores, run.out / "scores.png")
    plot_spectrograms(recorded, run.out / "spectrograms.png")
    write_page(run.out / "report.html", scores, scored, sentences, about(run.settings, run.inputs), run.nj)
    run.note("sentences", len(scored))
    Console().print(terminal_table(scores, title=f"recipe {run.settings.recipe}"), verdict(scores))


def packs_of_base(run: StageRun) -> dict[str, dict[str, float]]:
    """Speaker → voice of the base → similarity, from stage 5."""
    facts = json.loads((run.inputs["embedding"] / "speakers.json").read_text(encoding="utf-8"))
    return {speaker: found["similarity"] for speaker, found in facts.items()}


def recogniser(run: StageRun) -> Path | None:
    """The phone recogniser of the train split; a copy stays in the output, for `moien score --recogniser`."""
    if not run.settings.score.recogniser:
        return None
    from moien.score import cache

    trained = cache.recogniser(run.inputs["data"], run.inputs["g2p"], run.settings.seed, run.device)
    shutil.copyfile(trained, run.out / "recogniser.safetensors")
    return trained


if __name__ == "__main__":
    main()
