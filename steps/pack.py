"""Stage 9, pack: what users load, in one folder that the package kokoro, moien and the programs of `pack.targets` open.

Writes model.pth, config.json, voices/SPEAKER.pt, frontend/, the files of the targets (`moien.export.targets`), and
README.md, the model card with the scores.
"""

from __future__ import annotations

import shutil

from moien.recipe.stages import StageRun, stage


@stage("pack")
def main(run: StageRun) -> None:
    """Copy the voice and its front end, and write the card."""
    from moien.export.targets import write_config, write_targets
    from moien.kokoro.base import Base
    from moien.report.model_card import model_card
    from moien.report.table import read_scores
    from moien.text import open_frontend, read_phonemes

    train = run.inputs["train"]
    shutil.copyfile(train / "model.pth", run.out / "model.pth")
    write_config(train / "config.json", run.out / "config.json")
    shutil.copytree(train / "voices", run.out / "voices")
    shutil.copytree(run.inputs["g2p"] / "frontend", run.out / "frontend")
    frontend = open_frontend(run.out / "frontend")  # the copy, as a check
    write_targets(run.out, run.settings.pack.targets, frontend)
    example = min(
        read_phonemes(run.inputs["g2p"] / "test.jsonl").values(), key=lambda spoken: len(spoken.text)
    )
    card = model_card(
        recipe=run.settings.recipe,
        language=run.settings.language,
        licence=run.settings.corpus.licence,
        speakers=sorted(Base(train).voices),
        scores=read_scores(run.inputs["score"] / "scores.json"),
        text=example.text,
        phonemes=frontend(example.text).phonemes,
        targets=run.settings.pack.targets,
    )
    (run.out / "README.md").write_text(card, encoding="utf-8")
    size = sum(path.stat().st_size for path in run.out.rglob("*") if path.is_file())
    programs = ", ".join(("kokoro", *run.settings.pack.targets))
    print(f"packed {len(Base(train).voices)} voices for {programs}: {size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
