"""Stage 6, train: fine-tune the base model, and choose by scores how far the voice moves from it.

Writes model.pth (Kokoro's own format), config.json, voices/SPEAKER.pt, settings.yaml, curves.png, dvclive/,
history.jsonl, whose rows name their files in samples/, and choice.json. An interrupted run continues from its last
checkpoint and gives the same bits.
"""

from __future__ import annotations

import json
import shutil

import yaml

from moien.recipe.sentences import check_sentences
from moien.recipe.stages import StageRun, stage


@stage("train")
def main(run: StageRun) -> None:
    """Train all phases, choose, and write the voice."""
    from moien.choice.audition import Audition, choose
    from moien.device import check_device
    from moien.kokoro.base import ensure_base
    from moien.kokoro.export import save_pack, save_weights
    from moien.score import cache
    from moien.score.judges import Judges
    from moien.text import open_frontend
    from moien.train.data import both_splits
    from moien.train.loop import learn

    settings = run.settings.train
    check_device(run.settings.system.ngpu)
    base = ensure_base(run.settings.base)
    data, dev = both_splits(run.inputs)
    run.tally.keep(len(data) + len(dev))
    for utterance, reason in (data.dropped | dev.dropped).items():
        run.tally.drop(utterance, reason)
    if run.tally.dropped:  # too many are found before the training, not after it
        run.tally.close("train", run.settings.max_dropped)
    check_sentences(run.recipe_dir, open_frontend(run.inputs["g2p"] / "frontend"))  # for stage 7, hours later

    learned, history = learn(run.settings, run.inputs, run.work_dir)
    recogniser = None
    if settings.choice.recogniser:
        recogniser = cache.recogniser(run.inputs["data"], run.inputs["g2p"], run.settings.seed, run.device)
    judges = Judges(recogniser, device=run.device)
    audition = Audition(base, learned, data, dev, settings.choice.sentences, judges, run.device)
    packs, table = choose(audition, settings.choice)

    chosen = table["candidates"][table["chosen"]]
    print(f"choice: predictor α {chosen['predictor']:g}, decoder α {chosen['decoder']:g}", flush=True)
    for gate in table["shut"]:
        print(f"choice: no candidate passes for its {gate}: only the best there are left", flush=True)
    if not table["quality_kept"]:
        print("choice: what was trained is worse than the base: this training harms", flush=True)
    run.note("alpha", {part: chosen[part] for part in ("predictor", "decoder")})
    run.note("quality_kept", table["quality_kept"])

    save_weights(audition.model, run.out / "model.pth")
    shutil.copyfile(base.config, run.out / "config.json")
    (run.out / "voices").mkdir()
    for speaker, pack in packs.items():
        save_pack(pack, run.out / "voices" / f"{speaker}.pt")
    (run.out / "choice.json").write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    rows = "".join(json.dumps(row) + "\n" for row in history)
    (run.out / "history.jsonl").write_text(rows, encoding="utf-8")
    resolved = run.settings.model_dump(mode="json", exclude={"system"})
    (run.out / "settings.yaml").write_text(yaml.safe_dump(resolved, allow_unicode=True), encoding="utf-8")
    shutil.copyfile(run.work_dir / "curves.png", run.out / "curves.png")
    for folder in ("dvclive", "samples"):
        shutil.copytree(run.work_dir / folder, run.out / folder)


if __name__ == "__main__":
    main()
