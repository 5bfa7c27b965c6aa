"""The transcriber is called as it should be, its texts are compared fairly; the floor of similarity."""

from __future__ import annotations

import json
import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from made_up import speech

from moien.errors import WrongCall, WrongData
from moien.score.clip import Clip
from moien.score.judges import Judges
from moien.score.judges.transcriber import Transcriber, character_error, plain, word_error
from moien.score.metrics.cer import cer
from moien.score.metrics.wer import wer
from moien.score.pair import Pair
from moien.score.speakers import RESEMBLYZER, floor

pytest.importorskip("jiwer")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A wav2vec2 that knows nothing and says "a" all the time."""
    from transformers import Wav2Vec2Config, Wav2Vec2CTCTokenizer, Wav2Vec2FeatureExtractor, Wav2Vec2ForCTC

    folder = tmp_path_factory.mktemp("wav2vec2")
    vocabulary = {"<pad>": 0, "<s>": 1, "</s>": 2, "<unk>": 3, "|": 4, "a": 5, "b": 6}
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    torch.manual_seed(0)
    model = Wav2Vec2ForCTC(
        Wav2Vec2Config(
            vocab_size=7,
            hidden_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=16,
            conv_dim=(8, 8),
            conv_kernel=(10, 8),
            conv_stride=(160, 2),
            num_feat_extract_layers=2,
            num_conv_pos_embeddings=4,
            num_conv_pos_embedding_groups=2,
            pad_token_id=0,
        )
    )
    with torch.no_grad():
        model.lm_head.bias[5] += 100
    model.save_pretrained(folder)
    Wav2Vec2CTCTokenizer(str(folder / "vocab.json")).save_pretrained(folder)
    Wav2Vec2FeatureExtractor(sampling_rate=16_000).save_pretrained(folder)
    return folder


def test_it_hears_what_the_model_says(folder):
    judges = Judges(transcriber=str(folder), language="lb")
    transcriber = judges.open_transcriber()
    clip = Clip(speech(1.0))
    assert transcriber.text(clip.samples) == "a"
    assert judges.open_transcriber() is transcriber
    right, wrong = (Pair(clip, clip, text=text, judges=judges) for text in ("A!", "a b"))
    assert (wer(right), cer(right)) == (0, 0)
    assert (wer(wrong), cer(wrong)) == pytest.approx((1 / 2, 2 / 3))


def test_without_transcriber_or_text_there_is_no_score(folder):
    clip = Clip(speech(1.0))
    for pair in (
        Pair(clip, clip, text="a"),
        Pair(clip, clip, judges=Judges(transcriber=str(folder), language="lb")),
    ):
        assert math.isnan(wer(pair)) and math.isnan(cer(pair))


def test_a_multilingual_model_is_told_the_language(folder, monkeypatch):
    transcriber = Transcriber(str(folder), "lb")
    assert transcriber._options == {}

    class Whisper:
        model = SimpleNamespace(generation_config=SimpleNamespace(is_multilingual=True))

        def __call__(self, heard, generate_kwargs):
            assert heard["sampling_rate"] == 16_000 and len(heard["raw"]) == 8000
            return {"text": json.dumps(generate_kwargs)}

    monkeypatch.setattr("transformers.pipeline", lambda *_, **__: Whisper())
    said = Transcriber("owner/whisper@0123abc", "lb").text(np.zeros(12_000, np.float32))
    assert json.loads(said) == {"language": "lb", "task": "transcribe"}


@pytest.mark.parametrize(("ours", "theirs"), [("nb", "no"), ("cmn", "zh"), ("en-US", "en"), ("lb", "lb")])
def test_a_multilingual_model_has_other_codes_and_not_every_language(monkeypatch, ours, theirs):
    known = SimpleNamespace(is_multilingual=True, lang_to_id={f"<|{theirs}|>": 1})
    model = SimpleNamespace(model=SimpleNamespace(generation_config=known))
    monkeypatch.setattr("transformers.pipeline", lambda *_, **__: model)
    found = Transcriber("owner/whisper@0123abc", ours)
    assert found._options["generate_kwargs"]["language"] == theirs
    with pytest.raises(WrongCall, match="does not know the language 'tlh'"):
        Transcriber("owner/whisper@0123abc", "tlh")


def test_the_revision_is_pinned(monkeypatch):
    with pytest.raises(WrongCall, match="revision"):
        Transcriber("openai/whisper-small", "lb")
    asked = {}

    def pipeline(task, name, **options):
        asked.update(options, name=name)
        raise OSError("no hub\nand more")

    monkeypatch.setattr("transformers.pipeline", pipeline)
    with pytest.raises(WrongData, match="no hub") as caught:
        Transcriber("openai/whisper-small@0123abc", "lb")
    assert asked["name"] == "openai/whisper-small" and asked["revision"] == "0123abc"
    assert "and more" not in str(caught.value)


def test_a_folder_that_holds_no_model_says_so(tmp_path):
    with pytest.raises(WrongData, match="cannot be loaded"):
        Transcriber(str(tmp_path), "lb")


def test_case_and_punctuation_do_not_count():
    assert plain(" „D’Land“ – Ee\u0301i,  'net'! ") == "d'land eéi net"
    assert word_error("Moien, wéi geet et?", "moien wéi geet et") == 0
    assert word_error("Moien, wéi geet et?", "moien geet et gutt haut") == 3 / 4
    assert character_error("abcd", "abxd.") == 1 / 4
    assert word_error("ee", "") == 1
    assert math.isnan(word_error("?!", "ee")) and math.isnan(character_error("", "ee"))


def test_the_floor_is_what_other_speakers_reach():
    speakers = {"a": {RESEMBLYZER: np.array([1.0, 0])}, "b": {RESEMBLYZER: np.array([0.6, 0.8])}}
    found = floor(speakers, {})
    assert found is not None and found["mean"] == pytest.approx(0.6) and "2 speakers" in found["of"]
    alone = floor({"a": speakers["a"]}, {"a": {"x": 0.4, "y": 0.6}})
    assert alone == {"mean": pytest.approx(0.5), "of": "the base's 2 voices"}
    assert floor({"a": speakers["a"]}, {}) is None
