"""Stage 9, pack: what users load, in one folder that both the stock kokoro package and moien can open.

Writes model.pth, config.json, voices/SPEAKER.pt, frontend/ and README.md, the model card with the scores. There is
no ONNX file.
"""

from __future__ import annotations

import shutil

from moien.recipe.stages import StageRun, stage


@stage("pack")
def main(run: StageRun) -> None:
    """Copy the voice and its front end, and write the card."""
    from moien.kokoro.base import Base
    from moien.report.model_card import model_card
    from moien.report.table import read_scores
    from moien.text import open_frontend, read_phonemes

    train, frontend = run.inputs["train"], run.inputs["g2p"] / "frontend"
    for name in ("model.pth", "config.json"):
        shutil.copyfile(train / name, run.out / name)
    shutil.copytree(train / "voices", run.out / "voices")
    shutil.copytree(frontend, run.out / "frontend")
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
        phonemes=open_frontend(run.out / "frontend")(example.text).phonemes,  # reads the copy, as a check
    )
    (run.out / "README.md").write_text(card, encoding="utf-8")
    size = sum(path.stat().st_size for path in run.out.rglob("*") if path.is_file())
    print(f"packed {len(list((run.out / 'voices').iterdir()))} voices, {size / 1e6:.0f} MB; no ONNX file")


if __name__ == "__main__":
    main()
