"""A speaker of train whom the stages before leave nothing: stage 5 reports it, and the others go on."""

from __future__ import annotations

import importlib
import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from moien.align import Alignment, write_alignments
from moien.audio import FRAME_SAMPLES, write_wav
from moien.corpus.datadir import SPLITS, Utterance, write_datadir
from moien.errors import WrongData
from moien.features.packed import Measured, write_packed
from moien.recipe import manifest
from moien.recipe.settings import load_settings
from moien.recipe.stages import BY_NAME, StageRun, execute
from moien.text import load_frontend
from moien.train.data import both_splits

embedding, train, decode = (
    importlib.import_module(f"steps.{name}") for name in ("embedding", "train", "decode")
)
PACK = torch.zeros(510, 1, 256)
FRAMES = 60
SPOKEN = {"train": {"anna": 4, "bob": 2}, "dev": {"anna": 1, "bob": 1}, "test": {"anna": 1, "bob": 1}}
REASONS = {
    "g2p": "over 510 phonemes: 600",
    "align": "the text cannot be found",
    "features": "no voiced frame found",
}


@pytest.fixture
def corpus(tmp_path, monkeypatch):
    """Call with (speaker, stage that drops that speaker's utterances of train) …: stages 1 to 4 have run."""
    made_up = {
        "SpeakerEncoder": lambda *_: SimpleNamespace(embed=lambda audio, rate: np.ones(4, "f4") / 2),
        "ensure_base": lambda _: SimpleNamespace(weights=None, config=None),
        "load_model": lambda *_: torch.nn.Linear(1, 1),
        "fold_weight_norm": lambda model: model,
        "load_packs": lambda _: {"af_heart": PACK},
        "pack_similarities": lambda m, p, s, centroids, *_: {name: {"af_heart": 0.5} for name in centroids},
        "fit_style": lambda model, pack, clips, *_: (pack, {"clips": len(clips)}),
    }
    for name, value in made_up.items():
        monkeypatch.setattr(embedding, name, value)

    def run(lost: dict[str, str], max_dropped: float):
        settings = load_settings("mini", [f"system.work_dir={tmp_path}", f"max_dropped={max_dropped}"])
        audio = tmp_path / "speech.wav"
        write_wav(audio, 0.1 * np.sin(np.arange(FRAMES * FRAME_SAMPLES)))
        said = {
            split: [
                Utterance(f"{s}-{split}-{i}", s, "Moien", audio) for s, n in counts.items() for i in range(n)
            ]
            for split, counts in SPOKEN.items()
        }

        def left(run: StageRun, split: str) -> list[Utterance]:
            """Counts what the stage drops, and returns what it and those before it keep."""
            kept = []
            for utterance in said[split]:
                dropped_by = lost.get(utterance.speaker, "") if split == "train" else ""
                if dropped_by == run.stage.name:
                    run.tally.drop(utterance.id, REASONS[dropped_by])
                elif not dropped_by or BY_NAME[dropped_by].number > run.stage.number:
                    run.tally.keep()
                    kept.append(utterance)
            return kept

        def write(run: StageRun) -> None:
            for split in SPLITS:
                utterances = left(run, split)
                if run.stage.name == "data":
                    write_datadir(run.out / split, utterances)
                elif run.stage.name == "align":
                    durations = (2, 3, 3, 3, FRAMES - 12, 1)
                    aligned = [
                        Alignment(u.id, (0, 55, 57, 51, 56, 0), durations, FRAMES, 1.0, 2) for u in utterances
                    ]
                    write_alignments(run.out / f"{split}.jsonl", aligned)
                elif run.stage.name == "features":
                    curve = np.full(2 * FRAMES, 200, "f4")
                    write_packed(run.out, split, [Measured(u.id, curve, curve / 100) for u in utterances])

        for name in ("data", "g2p", "align", "features"):
            execute(BY_NAME[name], write, settings.model_copy(update={"max_dropped": 1.0}))
        execute(BY_NAME["embedding"], embedding.main.callback.__wrapped__, settings)
        return settings

    return run


def folders(settings) -> dict:
    return {name: BY_NAME[name].folder(settings) for name in ("data", "align", "features", "embedding")}


@pytest.mark.parametrize("stage", REASONS)
def test_it_is_reported_with_the_reason_and_the_others_go_on(corpus, capsys, stage):
    settings = corpus({"bob": stage}, max_dropped=0.5)
    reason = REASONS[stage].partition(":")[0]
    number = BY_NAME[stage].number
    assert (
        f"bob: all 2 utterances of train were dropped, so there is no style: 2 {reason} (stage {number})\n"
        in capsys.readouterr().out
    )
    made = manifest.read(folders(settings)["embedding"])
    assert set(made["counts"]["dropped_utterances"]) == {"bob-train-0", "bob-train-1"}
    assert made["counts"]["kept"] == 8
    facts = json.loads((folders(settings)["embedding"] / "speakers.json").read_text())
    assert {name: found["fit"] for name, found in facts.items()} == {"anna": {"clips": 4}}
    assert all(found["similarity"] for found in facts.values())  # which the page of stage 8 reads

    data, dev = both_splits(folders(settings))
    assert {u.speaker for u, _ in data.utterances} == {u.speaker for u, _ in dev.utterances} == {"anna"}
    assert dev.dropped.keys() == {"bob-dev-0"}

    spoken = StageRun(BY_NAME["decode"], settings, settings.folder, folders(settings))
    assert {u.speaker for _, u in decode.sentences(spoken, sorted(data.packs))} == {"anna"}
    assert spoken.tally.dropped == {"bob-test-0": "its speaker has no voice: bob"}


def test_its_utterances_count_as_dropped(corpus):
    with pytest.raises(WrongData, match=r"2 of 10 utterances were dropped, more than max_dropped = 0\.1"):
        corpus({"bob": "align"}, max_dropped=0.1)


def test_without_any_speaker_there_is_no_traceback(corpus):
    with pytest.raises(WrongData, match="no speaker of train has an utterance left"):
        corpus({"anna": "features", "bob": "align"}, max_dropped=1.0)


def test_where_nothing_is_lost_every_speaker_has_a_style(corpus):
    settings = corpus({}, max_dropped=0.1)
    facts = json.loads((folders(settings)["embedding"] / "speakers.json").read_text())
    assert {name: found["fit"]["clips"] for name, found in facts.items()} == {"anna": 4, "bob": 2}


def test_stage_5_finds_what_would_fail_stage_7(corpus):
    """Of two test utterances one has no voice; with the 8 sentences of eval.txt that is one of ten."""
    corpus({"bob": "align"}, max_dropped=0.25)
    with pytest.raises(
        WrongData, match="1 of 2 utterances of test are of speakers who have no utterance left"
    ):
        corpus({"bob": "align"}, max_dropped=0.05)


def test_what_stage_6_drops_is_counted_before_the_training(tmp_path, monkeypatch):
    splits = [{f"{n}": "shorter than 4 frames" for n in range(3)}, {}]
    sets = [type("Split", (dict,), {"dropped": dropped})({"u": 1}) for dropped in splits]
    monkeypatch.setattr("moien.train.data.both_splits", lambda _: sets)
    monkeypatch.setattr("moien.kokoro.base.ensure_base", lambda _: None)
    monkeypatch.setattr("moien.train.loop.learn", lambda *_: pytest.fail("it trains"))
    settings = load_settings("mini", [f"system.work_dir={tmp_path}"])
    with pytest.raises(WrongData, match="3 of 5 utterances were dropped"):
        train.main.callback.__wrapped__(StageRun(BY_NAME["train"], settings, tmp_path, {}))


def test_stage_6_reads_eval_txt_before_the_training(tmp_path, monkeypatch):
    """For who starts behind stage 0, as DVC does."""
    split = type("Split", (dict,), {"dropped": {}})({"u": 1})
    monkeypatch.setattr("moien.train.data.both_splits", lambda _: (split, split))
    monkeypatch.setattr("moien.kokoro.base.ensure_base", lambda _: None)
    monkeypatch.setattr("moien.train.loop.learn", lambda *_: pytest.fail("it trains"))
    (tmp_path / "params.yaml").write_text(f"language: de\nsystem: {{work_dir: {tmp_path}}}\n")
    (tmp_path / "eval.txt").write_text("Ja.\n*\n")
    settings = load_settings(tmp_path)
    load_frontend(settings.g2p, "de").save(tmp_path / "g2p" / "frontend")
    with pytest.raises(WrongData, match=r"eval\.txt:2: cannot be spoken"):
        train.main.callback.__wrapped__(
            StageRun(BY_NAME["train"], settings, tmp_path, {"g2p": tmp_path / "g2p"})
        )
