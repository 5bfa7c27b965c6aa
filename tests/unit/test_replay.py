"""Replay: what the untouched base says of its own languages, as training data."""

from __future__ import annotations

from itertools import islice

import pytest
import torch
from tiny_training import SETTINGS, Run, open_split, tiny_model, write_corpus

from moien.errors import WrongData
from moien.kokoro.base import Base
from moien.kokoro.export import save_pack
from moien.kokoro.forward import seeded_source
from moien.kokoro.style import pack_row
from moien.train import loop, replay
from moien.train.data import collate
from moien.train.frozen import frozen
from moien.train.replay import LETTERS, Replayed, lines, speak
from moien.train.settings import TrainSettings

VOICES = ["af_heart", "bm_fable", "ff_siwis", "jf_alpha"]


def quick_model(*_):
    """The tiny model in a hurry: with its random weights each phone would last half a second."""
    model = tiny_model()
    model.predictor.duration_proj.linear_layer.bias.fill_(-4.0)
    return model


@pytest.fixture
def base(tmp_path, monkeypatch):
    """A tiny base with two voices, its weights in the code, and a cache of its own."""
    monkeypatch.setenv("MOIEN_CACHE", str(tmp_path / "cache"))
    for module in (loop, replay):
        monkeypatch.setattr(module, "load_model", quick_model)
    folder = tmp_path / "base"
    (folder / "voices").mkdir(parents=True)
    (folder / "tiny.pth").write_bytes(b"stands for the weights")
    for name in ("af_heart", "ff_siwis"):
        save_pack(torch.randn(510, 1, 256) * 0.1, folder / "voices" / f"{name}.pt")
    return Base(folder)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    write_corpus(folder, {"train": 3, "dev": 1})
    return Run(open_split(folder, "train"), open_split(folder, "dev"))


def test_no_sentence_is_both_replayed_and_kept_for_the_score():
    replayed = {phonemes for phonemes, _ in islice(lines(VOICES, held_out=False), 90)}
    kept = {phonemes for phonemes, _ in islice(lines(VOICES, held_out=True), 30)}
    assert len(replayed) == 90
    assert len(kept) == 30
    assert not replayed & kept


def test_a_language_is_spoken_by_its_own_voices_or_by_all_in_turn():
    rows = replay.SENTENCES.read_text(encoding="utf-8").splitlines()[replay.HELD_OUT - 1 :: replay.HELD_OUT]
    languages = [row.partition("\t")[0] for row in rows]
    assert {language: languages.count(language) for language in LETTERS} == dict.fromkeys(LETTERS, 6)
    english, french = ["af_heart", "am_adam"], ["ff_siwis"]
    said = list(islice(lines([*english, *french], held_out=True), 60))
    assert [phonemes for phonemes, _ in said[:30]] == [phonemes for phonemes, _ in said[30:]]
    for language, (_, once), (_, again) in zip(languages, said[:30], said[30:], strict=True):
        if language == "en-US":
            assert {once, again} == set(english)
        elif language == "fr":
            assert once == again == "ff_siwis"
        else:  # which none of them speaks
            assert once != again


def test_what_is_replayed_is_what_kokoro_itself_says():
    model, pack = quick_model(), torch.randn(510, 1, 256) * 0.1
    said = speak(model, "mˈɔɪən", pack, seed=3)
    with seeded_source(model, 3):
        audio, durations = model.forward_with_tokens(said["tokens"][None], pack_row(pack, 8))
    assert torch.equal(said["durations"], durations.long())
    assert torch.allclose(said["audio"], audio, atol=1e-5)
    assert len(said["audio"]) == 600 * int(durations.sum()) == 300 * len(said["f0"])


def test_replayed_sentences_stand_behind_the_utterances_as_items_like_theirs(
    base, run, tmp_path, monkeypatch
):
    mixed = Replayed(run.data, base, 4, seed=5)
    assert len(mixed) == len(mixed.frames) == 7
    assert mixed[2]["id"] == run.data[2]["id"]
    assert set(mixed[3]) == set(run.data[0])
    items = frozen(quick_model(), mixed, range(7), tmp_path)
    batch = collate([items[0], items[3]])
    assert batch.speakers == ["anna", "base/af_heart"]
    assert int(batch.frames[1]) == mixed.frames[3] == int(batch.gt_duration[1].sum())
    assert set(mixed.packs) == {"anna", "ben"}, "a voice of the base has no style to learn"

    monkeypatch.setattr(replay, "load_model", lambda *_: pytest.fail("spoken twice"))
    again = Replayed(run.data, base, 4, seed=5)
    assert all(torch.equal(again[i]["gt_audio"], mixed[i]["gt_audio"]) for i in range(7))


def test_the_base_has_nothing_to_learn_from_itself(base, run, tmp_path):
    mixed = Replayed(run.data, base, 2, seed=5)
    learner, phases, _ = loop.prepare(base, mixed, SETTINGS, 5, "cpu")
    learner.critic = None
    items = frozen(learner.model, mixed, range(len(mixed)), tmp_path)
    for phase in phases:
        own, other = (
            phase.losses(learner, collate([items[i]]), phase.settings) for i in (-1 % len(mixed), 0)
        )
        assert sum(own.values()) < 0.75 * sum(other.values()), phase.name
        if phase.name == "prosody":
            assert own["f0"] + own["f0_spread"] + own["energy"] < 1e-4
            assert own["duration"] <= 0.5, "only what rounding takes away"


def test_a_training_with_replay_hears_both_and_gives_the_base_no_style(base, run, tmp_path, monkeypatch):
    heard, real = [], loop.load
    monkeypatch.setattr(
        loop, "load", lambda data, plan, *rest, **more: real(data, noted(plan), *rest, **more)
    )

    def noted(plan):
        for indices in plan:
            heard.extend(indices)
            yield indices

    short = {"prosody": {"steps": 2, "batch_frames": 150}, "acoustic": {"steps": 3, "crop_frames": 10}}
    settings = TrainSettings.model_validate(SETTINGS.model_dump() | short | {"replay": 2})
    torch.set_num_threads(1)
    learned, _ = loop.train(base, run.data, run.dev, settings, tmp_path / "work", seed=5)
    assert min(heard) < len(run.data) <= max(heard) < len(run.data) + 2
    styles = [f"style.{half}.{speaker}" for half in ("acoustic", "prosody") for speaker in ("anna", "ben")]
    assert [name for name in learned if name.startswith("style.")] == styles


def test_a_base_without_voices_cannot_replay(base, run):
    for pack in (base.dir / "voices").iterdir():
        pack.unlink()
    with pytest.raises(WrongData, match="without voices"):
        Replayed(run.data, base, 1, seed=5)
