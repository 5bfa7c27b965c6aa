"""The choice: candidates, the tempo, the rule, and the audition that joins them."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from tiny_training import open_split, tiny_model, write_corpus

from moien.choice import audition
from moien.choice.audition import Audition
from moien.choice.candidates import Alpha, blend, blend_packs, candidates
from moien.choice.rule import harmed, pick
from moien.choice.settings import ChoiceSettings
from moien.choice.tempo import LEAD, Timed, fit_tempo, last_phone
from moien.kokoro.forward import TEMPO
from moien.kokoro.symbols import encode


def test_alpha_zero_is_the_base_and_one_the_trained_model():
    model, base = tiny_model(), tiny_model().state_dict()
    names = [name for name in base if name.startswith(("predictor.F0.", "decoder.encode.conv"))]
    learned = {name: base[name] + torch.randn_like(base[name]) for name in names}
    start = {name: base[name] for name in learned if name in base}
    blend(model, start, learned, Alpha(predictor=0.0, decoder=1.0))
    for name, tensor in model.state_dict().items():
        if name in start:
            expected = base[name] if name.startswith("predictor.") else learned[name]
            assert torch.allclose(tensor, expected, atol=1e-6), name
        else:
            assert torch.equal(tensor, base[name])
    blend(model, start, learned, Alpha(0.0, 0.0))
    assert all(torch.equal(tensor, base[name]) for name, tensor in model.state_dict().items())


def test_the_packs_keep_their_rows_and_get_each_half_of_the_delta():
    pack = torch.randn(510, 1, 256)
    learned = {"style.acoustic.anna": torch.ones(128), "style.prosody.anna": 2 * torch.ones(128)}
    moved = blend_packs({"anna": pack}, learned, Alpha(predictor=0.5, decoder=0.25))["anna"] - pack
    assert moved[..., :128].allclose(torch.tensor(0.25))
    assert moved[..., 128:].allclose(torch.tensor(1.0))


@pytest.mark.parametrize("factor", [1.5, 4.0])
def test_the_tempo_is_that_of_the_recordings(tmp_path, factor):
    """The mean over sentences of the spoken length, from the first sound to the last phone, over the recording's."""
    write_corpus(tmp_path, {"train": 3})
    data = open_split(tmp_path, "train")
    model, packs = tiny_model(), data.packs
    recordings = [
        replace(alignment, durations=tuple(round(factor * frames) for frames in alignment.durations))
        for _, alignment in data.utterances
    ]
    speaker = "anna"
    fit_tempo(model, packs, [Timed.of(model, speaker, recording) for recording in recordings])
    ratios = []
    for recording in recordings:
        tokens = torch.tensor([recording.tokens])
        _, durations = model.forward_with_tokens(tokens, packs[speaker][len(recording.tokens) - 3])
        end = last_phone(recording.tokens) + 1
        ratios.append((int(durations[:end].sum()) - LEAD) / (sum(recording.durations[:end]) - LEAD))
    assert np.mean(ratios) == pytest.approx(1, abs=0.1)  # frames are whole: neighbours move together


def test_speech_ends_with_its_last_phone():
    tokens = encode("“mˈɔɪən, aː.”")
    assert last_phone(tokens) == len(tokens) - 4
    assert last_phone(encode("…")) == 1


SENTENCES = 24


def scores(words=0.3, opinion=3.8, tone=0.0, spread=2.4, similarity=0.7, noise=0.0):
    """Of sentences that differ, as much in every row; `noise` is what differs from row to row."""
    names = ("phone_error", "distillmos", "tone_excess_db", "f0_std_semitones", "similarity")
    sentences = np.random.default_rng(0).normal(0, 0.3, SENTENCES)
    chance = noise * np.random.default_rng(1).normal(0, 1, SENTENCES)
    values = zip(names, (words, opinion, tone, spread, similarity), strict=True)
    return {name: value + sentences - sentences.mean() + chance - chance.mean() for name, value in values}


RECORDED = scores(0.2, 4.0, 0.0, 2.5, 0.9)


@pytest.mark.parametrize("worse", [{"words": 0.34}, {"opinion": 3.49}, {"tone": 3.1}, {"spread": 1.9}])
def test_the_rule_takes_the_most_similar_voice_that_passes_all_gates(worse):
    settings = ChoiceSettings(max_phone_loss=0.03, max_mos_loss=0.3, max_tone_db=3, min_f0_spread=0.8)
    base, good = scores(similarity=0.6), scores(similarity=0.8)
    closest = scores(**worse, similarity=0.9)
    assert pick([base, good, closest, None], RECORDED, settings) == (1, [])
    assert pick([base, good, scores(similarity=0.9)], RECORDED, settings) == (2, [])


def test_a_voice_far_below_the_clearest_candidate_is_not_taken_though_it_is_above_the_base():
    settings = ChoiceSettings(max_mos_loss=0.15)
    base, part = scores(opinion=3.57, similarity=0.69), scores(opinion=3.8, similarity=0.825)
    for opinion, taken in ((3.5, 1), (3.6, 1), (3.7, 2)):
        assert pick([base, part, scores(opinion=opinion, similarity=0.83)], RECORDED, settings) == (taken, [])


def test_where_no_candidate_passes_a_gate_those_about_as_good_as_the_best_pass():
    settings = ChoiceSettings(max_tone_db=3, min_f0_spread=0.8)
    tried = [
        scores(tone=9.0),
        scores(tone=5.0),
        scores(tone=5.2, similarity=0.8, noise=1.0),
        scores(tone=7.0, similarity=0.9, noise=1.0),
    ]
    assert pick(tried, RECORDED, settings) == (2, ["artefacts"])  # 0.2 ± 0.4 dB are chance, 2 ± 0.4 are not
    flat = [scores(spread=1.0), scores(spread=0.5, similarity=0.9)]
    assert pick(flat, RECORDED, settings) == (0, ["melody"])


def test_no_gate_is_shut_and_no_training_harms_by_what_chance_explains():
    settings = ChoiceSettings(max_mos_loss=0.2, max_tone_db=3)
    base = scores(opinion=4.0, tone=3.1, noise=0.0)
    for noise, chance in ((1.0, True), (0.05, False)):  # interval of ± 0.4 and of ± 0.02
        worse = scores(opinion=3.7, tone=3.1, similarity=0.9, noise=noise)
        assert harmed(base, worse, settings) is not chance
        near = scores(tone=3.1, similarity=0.9)
        near["tone_excess_db"] = 3.1 + noise * np.random.default_rng(2).normal(0, 1, SENTENCES)
        assert pick([near], RECORDED, settings) == (0, [] if chance else ["artefacts"])


def test_a_difference_on_one_sentence_is_chance():
    one = {name: values[:1] for name, values in scores().items()}
    worse = one | {"distillmos": one["distillmos"] - 2}
    assert not harmed(one, worse, ChoiceSettings())


def test_what_is_not_scored_shuts_no_gate():
    settings, missing = ChoiceSettings(), np.full(SENTENCES, np.nan)
    unscored = scores(similarity=0.9) | {"phone_error": missing}
    assert pick([scores(), unscored], RECORDED, settings) == (1, [])
    base_alone = dict.fromkeys(unscored, missing) | {"similarity": scores()["similarity"]}
    assert pick([base_alone, unscored], RECORDED, settings) == (1, [])
    assert pick([None, unscored], RECORDED, settings) == (1, [])
    assert not harmed(None, unscored, settings)


def test_the_base_is_always_a_candidate():
    grid = candidates(ChoiceSettings(predictor=(0.5, 1.0), decoder=(0.4,)))
    assert grid == [Alpha(0, 0), Alpha(0.5, 0.4), Alpha(1, 0.4)]


def test_an_audition_becomes_each_mixture_and_its_speech_is_scored(tmp_path, monkeypatch):
    write_corpus(tmp_path, {"train": 2, "dev": 4})
    train, dev = (open_split(tmp_path, split) for split in ("train", "dev"))
    base, clips = tiny_model().state_dict(), []
    learned = {name: base[name] + 0.01 for name in base if name.startswith("predictor.F0.")}
    learned |= {
        f"style.{half}.{name}": torch.ones(128) for half in ("acoustic", "prosody") for name in train.packs
    }
    metric = SimpleNamespace(name="loudness", compute=lambda pair: clips.append(pair.spoken) or 1.0)
    monkeypatch.setattr(audition, "METRICS", (metric,))
    monkeypatch.setattr(audition, "load_model", tiny_model)
    monkeypatch.setattr(audition, "speaker_centroids", lambda *_: dict.fromkeys(train.packs))
    files = SimpleNamespace(weights=None, config=None)
    tried = Audition(files, learned, train, dev, sentences=3)
    assert [utterance.speaker for utterance, _ in tried.sentences] == ["anna", "ben", "anna"]
    for alpha in (1.0, 0.0):
        packs, shift = tried.become(Alpha(alpha, alpha))
        state = tried.model.state_dict()
        for name in learned:
            if name in base:
                assert torch.allclose(state[name], base[name] + 0.01 * alpha, atol=1e-6), name
        assert torch.allclose(state[TEMPO], base[TEMPO] + shift)
        assert torch.allclose(packs["ben"] - train.packs["ben"], torch.tensor(alpha), atol=1e-6)
        assert tried.score(packs)["loudness"].tolist() == [1.0, 1.0, 1.0]
    assert [clip.name for clip in clips[:3]] == [utterance.id for utterance, _ in tried.sentences]
    assert all(clip.samples.dtype == "float32" and len(clip.samples) for clip in clips)
