"""The exported graph is KModel's, and every runtime's file has the same style for the same length."""

from __future__ import annotations

import copy
import json
import shutil
from contextlib import contextmanager
from types import SimpleNamespace
from typing import get_args
from unittest import mock

import numpy as np
import onnx
import onnxruntime
import pytest
import tokenizers
import torch
from hypothesis import given
from hypothesis import strategies as st
from tiny_training import write_base

from moien.export import packs, targets, tokenizer
from moien.export.lexicon import write_lexicon
from moien.export.onnx_model import INPUTS, OUTPUTS, metadata, onnx_model
from moien.export.settings import Target
from moien.kokoro import speak
from moien.kokoro.base import load_pack
from moien.kokoro.forward import fold_weight_norm
from moien.kokoro.graph import Graph, Source, Stft, token_of_frame
from moien.kokoro.symbols import CONFIG, MAX_PHONEMES, VOCAB, encode
from moien.text import load_frontend
from moien.text.settings import G2PSettings

METADATA = metadata(["a", "b"], "lb", CONFIG.read_text("utf-8"))
SHERPA = ("voices.bin", "tokens.txt", "lexicon.txt")
TRANSFORMERS = ("voices/anna.bin", "voices/ben.bin", "tokenizer.json", "tokenizer_config.json")
SENTENCES = ["hɑ", "mˈoiən, vˈiː ɡˈeːt ˈət?", "dˈeː mˈɑn ˈʊnt diː fʁˈaː zˈɪtsən ˈɪn dˈeːɐ kˈyçə."]


@contextmanager
def same_noise(weight: torch.Tensor, noise: torch.Tensor):  # type: ignore[no-untyped-def]
    """Let KModel's nine noises sum to what the graph draws as one: `noise` [1, N]."""

    def draw(like: torch.Tensor) -> torch.Tensor:
        shares = weight / weight.norm() if like.shape[-1] == len(weight) else torch.ones(1)
        return (noise[:, : like.shape[1], None] * shares).reshape(like.shape)

    with mock.patch("torch.randn_like", draw):
        yield


@pytest.fixture(scope="module")
def folded(model):
    return fold_weight_norm(copy.deepcopy(model))  # others use the model as it is


@pytest.fixture(scope="module")
def pack(base):
    return load_pack(base.voices["jf_alpha"])


@pytest.fixture(scope="module")
def exported(folded):
    return onnx_model(folded, METADATA)


@pytest.fixture(scope="module")
def session(exported):
    """The exported model in onnxruntime, with its noise as an input."""
    graph = onnx.ModelProto()
    graph.CopyFrom(exported)
    (noise,) = [node for node in graph.graph.node if node.op_type == "RandomNormalLike"]
    graph.graph.node.remove(noise)
    graph.graph.input.append(onnx.helper.make_tensor_value_info(noise.output[0], 1, [1, "samples"]))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(graph.SerializeToString(), options)
    return lambda feed, value: session.run(None, feed | {noise.output[0]: value})


@pytest.mark.weights
@pytest.mark.parametrize("phonemes", SENTENCES)
def test_the_graph_speaks_as_kmodel(model, folded, pack, session, phonemes):
    tokens, style = encode(phonemes), pack[len(phonemes) - 1]
    noise = torch.randn(1, 400_000, generator=torch.Generator().manual_seed(1))
    with same_noise(folded.decoder.generator.m_source.l_linear.weight[0], noise), torch.no_grad():
        kmodel = speak.speak(model, tokens, pack, seed=0)  # the graph has changed `folded` in place
        audio, durations, _ = Graph(folded).eval()(torch.tensor([tokens]), style, torch.ones(1))
    feed = {
        "input_ids": np.array([tokens]),
        "style": style.numpy(),
        "speed": np.ones(1, np.float32),
    }
    found = dict(zip(OUTPUTS, session(feed, noise[:, : len(kmodel.audio)].numpy()), strict=True))
    assert tuple(durations.tolist()) == tuple(found["duration"].tolist()) == kmodel.durations
    assert np.array_equal(found["durations"], found["duration"].astype(np.float32))
    assert np.abs(audio.numpy() - kmodel.audio).max() < 5e-3  # phases of 10,000 radians in float32
    assert level_error(found["waveform"], kmodel.audio) < 0.3


def level_error(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Mean difference of log magnitudes in dB, over the louder half of the frames."""
    window = torch.hann_window(1024)
    mine, yours = (
        20
        * torch.stft(torch.as_tensor(x), 1024, 256, window=window, return_complex=True)
        .abs()
        .clamp(min=1e-5)
        .log10()
        for x in (ours, theirs)
    )
    loud = yours.mean(0) > yours.mean(0).median()
    return float((mine - yours).abs()[:, loud].mean())


@pytest.mark.weights
def test_the_model_has_the_names_and_metadata_of_every_runtime(exported, folded):
    graph = exported.graph
    assert tuple(value.name for value in graph.input) == INPUTS
    assert tuple(value.name for value in graph.output) == OUTPUTS
    found = {prop.key: prop.value for prop in exported.metadata_props}
    assert json.loads(found["kokoro_config"])["vocab"] == VOCAB
    assert (found["n_speakers"], found["style_dim"], found["sample_rate"]) == ("2", "511,1,256", "24000")
    again = onnx_model(folded, METADATA)
    assert again.SerializeToString() == exported.SerializeToString()


@pytest.mark.weights
def test_the_source_is_kmodels(folded):
    generator = folded.decoder.generator
    f0 = torch.cat(
        [torch.zeros(1, 20), 180 + 20 * torch.sin(torch.arange(150) / 9)[None], torch.zeros(1, 30)], 1
    )
    noise = torch.randn(1, 60_000, generator=torch.Generator().manual_seed(1))
    with same_noise(generator.m_source.l_linear.weight[0], noise), torch.no_grad():
        theirs = generator.m_source(generator.f0_upsamp(f0[:, None]).transpose(1, 2))[0][..., 0]
        assert torch.allclose(Source(generator)(f0), theirs, atol=1e-3)


@given(st.integers(11, 200), st.integers(0, 9))
def test_stft_is_torchs(samples, seed):
    audio = torch.randn(1, samples * 5, generator=torch.Generator().manual_seed(seed))
    audio[:, ::7] = 0
    ours, window = Stft(20, 5), torch.hann_window(20)
    spectrum = torch.stft(audio, 20, 5, 20, window=window, return_complex=True)
    magnitude, phase = ours(audio)
    assert torch.allclose(magnitude, spectrum.abs(), atol=1e-5)
    assert torch.allclose(torch.polar(magnitude, phase), spectrum, atol=1e-5)
    assert torch.allclose(
        ours.inverse(magnitude, phase), torch.istft(spectrum, 20, 5, 20, window=window), atol=1e-5
    )


def test_a_bin_without_imaginary_part_has_the_phase_that_torch_gives_it():
    audio = -torch.ones(1, 100)  # its first bin is negative: π, and never −π
    assert torch.equal(Stft(20, 5)(audio)[1][:, 0], torch.full((1, 21), torch.pi))


@given(st.lists(st.integers(1, 50), min_size=1, max_size=20))
def test_each_frame_has_the_token_that_lasts_there(durations):
    frames = token_of_frame(torch.tensor(durations))
    assert torch.equal(frames, torch.repeat_interleave(torch.arange(len(durations)), torch.tensor(durations)))


@pytest.fixture(scope="module")
def numbered():
    """A pack whose every value is the number of its row."""
    rows = np.arange(MAX_PHONEMES, dtype=np.float32)[:, None, None]
    return np.broadcast_to(rows, (MAX_PHONEMES, 1, 256))


@pytest.mark.parametrize("phonemes", [1, 2, 100, 509, 510])
def test_every_runtime_takes_the_style_of_as_many_phonemes(numbered, tmp_path, phonemes):
    packs.write_npz({"a": numbered, "b": numbered + 1000}, tmp_path / "npz")
    packs.write_sherpa({"a": numbered, "b": numbered + 1000}, tmp_path / "sherpa")
    packs.write_raw(numbered, tmp_path / "raw")
    row = phonemes - 1
    assert (np.load(tmp_path / "npz")["b"][row] == row + 1000).all()  # kokoro-onnx
    sherpa = np.fromfile(tmp_path / "sherpa", np.float32).reshape(2, -1, 256)
    assert phonemes < sherpa.shape[1], "sherpa-onnx ends the process"
    assert (sherpa[:, phonemes] == [[row], [row + 1000]]).all()
    raw = np.fromfile(tmp_path / "raw", np.float32).reshape(-1, 256)
    assert (raw[min(phonemes, 509)] == min(row, 508)).all()  # kokoro-js: 510 phonemes have the style of 509


def test_sherpas_tokens_are_the_vocabulary(tmp_path):
    tokenizer.write_tokens(tmp_path / "tokens.txt")
    lines = (tmp_path / "tokens.txt").read_text("utf-8").split("\n")[:-1]
    assert {line[0]: int(line[2:]) for line in lines} == VOCAB


@pytest.fixture(scope="module")
def transformers_tokeniser(tmp_path_factory):
    """What transformers.js reads, in the library whose format it is."""
    folder = tmp_path_factory.mktemp("tokeniser")
    tokenizer.write_transformers(folder)
    return tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))


@given(
    st.text(st.one_of(st.sampled_from(sorted(VOCAB)), st.characters(exclude_categories=["Cs"])), max_size=20)
)
def test_transformers_makes_the_same_tokens(transformers_tokeniser, text):
    known = "".join(symbol for symbol in text if symbol in VOCAB)
    assert transformers_tokeniser.encode(text).ids == encode(known)


def test_the_lexicon_has_words_as_they_are_inside_of_a_sentence(tmp_path, monkeypatch):
    frontend = load_frontend(G2PSettings(), "lb")
    words = ["ass", "stad", "land", "moien", "d'accord", "z.b."]
    monkeypatch.setattr(frontend._lexicon, "words", lambda: iter(words))
    write_lexicon(frontend, tmp_path / "lexicon.txt")
    lines = (tmp_path / "lexicon.txt").read_text("utf-8").splitlines()
    found = {word: phonemes.replace(" ", "") for word, phonemes in (line.split(" ", 1) for line in lines)}
    assert found.keys() == {
        "ass",
        "d'ass",
        "stad",
        "d'stad",
        "land",
        "d'land",
        "moien",
        "d'moien",
        "d'accord",
    }
    inside = {word.text: word.phonemes for word in frontend("Kapp ass kapp, d'Stad kapp, d'Land kapp.").words}
    assert [found["ass"], found["d'stad"], found["d'land"]] == [
        inside["ass"],
        inside["d'Stad"],
        inside["d'Land"],
    ]
    assert found["ass"] == "ɑs" != frontend("ass").phonemes, "alone it is stressed"
    assert set("".join(found.values())) <= set(VOCAB)


def test_a_front_end_without_words_has_no_lexicon(tmp_path):
    write_lexicon(load_frontend(G2PSettings(), "de"), tmp_path / "lexicon.txt")
    assert not list(tmp_path.iterdir())


def test_each_target_adds_its_files_and_only_what_is_wanted(tmp_path, monkeypatch):
    base = write_base(tmp_path / "base", ["anna", "ben"])
    monkeypatch.setattr(targets, "write_lexicon", lambda frontend, path: path.touch())
    monkeypatch.setattr(
        targets, "_write_model", lambda folder, speakers, language: (folder / "onnx" / "m").touch()
    )
    before = {path.relative_to(base) for path in base.rglob("*") if path.is_file()}
    wanted = {
        (): set(),
        ("kokoro-onnx",): {"onnx/m", "onnx/voices.bin"},
        ("sherpa-onnx",): {"onnx/m", "onnx/voices.bin"} | {f"sherpa-onnx/{n}" for n in SHERPA},
        ("transformers.js",): {"onnx/m", "onnx/voices.bin"} | set(TRANSFORMERS),
    }
    for chosen, files in wanted.items():
        folder = shutil.copytree(base, tmp_path / "-".join(("voice", *chosen)))
        targets.write_targets(folder, chosen, SimpleNamespace(language="lb"))
        written = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
        assert {str(path) for path in written - before} == files
    assert set(wanted) == {(), *((name,) for name in get_args(Target))}
