"""All that computes on a card, on the pretended one: it gives what the CPU gives, and what it waits for is counted."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from pretend_device import CARD, Card, on_card, pretended_card
from safetensors.torch import load_file
from tiny_training import SETTINGS, open_split, tiny_model, write_corpus

from moien.choice import audition
from moien.choice.candidates import Alpha
from moien.choice.tempo import STEPS, Timed, fit_tempo
from moien.distillmos import distillmos_of
from moien.features.packed import PackedFeatures
from moien.kokoro.lstm import PaddedLSTM
from moien.kokoro.speak import TorchEngine
from moien.score.judges import Judges
from moien.score.judges.dvector import open_dvector
from moien.score.judges.recogniser import open_recogniser, train_recogniser
from moien.style.embed import SpeakerEncoder
from moien.style.fit import fit_style, read_clip
from moien.style.settings import EmbeddingSettings
from moien.synth import Synthesiser
from moien.text import Phonemes
from moien.train import guards, loop

GREETING = "mˈojən"
SHORT = SETTINGS.model_copy(
    update={
        "prosody": SETTINGS.prosody.model_copy(update={"steps": 2}),
        "acoustic": SETTINGS.acoustic.model_copy(update={"steps": 2, "crops": 2}),
    }
)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("device")
    write_corpus(folder, {"train": 6, "dev": 2})
    return folder


@pytest.fixture
def card():
    with pretended_card() as card:
        yield card


@pytest.fixture(scope="module")
def pack():
    return 0.1 * torch.randn(510, 1, 256, generator=torch.Generator().manual_seed(0))


def test_devices_do_not_mix(card: Card) -> None:
    there, here = torch.ones(3, device="cuda"), torch.ones(3)
    assert there.device == CARD and there.is_cuda and not here.is_cuda
    mixes = (
        lambda: there + here,
        lambda: torch.stack([there[0], here[0]]),  # a scalar, but no elementwise kernel
        lambda: torch.nn.functional.linear(here, torch.ones(3, 3, device="cuda")),
        lambda: torch.stft(torch.ones(99, device="cuda"), 8, window=torch.ones(8), return_complex=True),
        lambda: there.index_select(0, torch.tensor([0])),
    )
    for mixed in mixes:
        with pytest.raises(RuntimeError, match="same device"):
            mixed()
    with pytest.raises(TypeError, match="copy it to the CPU"):
        there.numpy()
    with pytest.raises(TypeError, match="copy it to the CPU"):
        np.asarray(there)
    assert not card.waits


def test_what_a_card_allows(card: Card) -> None:
    there = torch.arange(3.0, device="cuda")
    made = (
        there + torch.tensor(2.0),
        there[1:],
        torch.zeros_like(there),
        there.new_zeros(2),
        torch.hann_window(4, device=there.device),
        torch.nn.functional.pad(there, (1, 1)),
        torch.nn.Parameter(there),
        torch.zeros(3).to("cuda", non_blocking=True),
    )
    assert all(map(on_card, made)) and not card.waits
    assert not on_card(torch.zeros_like(there, device="cpu"))


@pytest.mark.parametrize(
    "wait",
    [
        lambda x: x[0].item(),
        lambda x: float(x.sum()),
        lambda x: bool((x > 0).all()),
        lambda x: x.tolist(),
        lambda x: f"{x[0]:.2f}",
        lambda x: x.cpu(),
        lambda x: x.to("cpu"),
        lambda x: x[x > 0],
        lambda x: x[torch.tensor([0, 1])],
        lambda x: (x > 0).nonzero(),
        lambda x: torch.tensor([1.0], device="cuda"),
        lambda x: torch.zeros(3).to(x.device),
        lambda x: torch.zeros(3).type_as(x),
        lambda x: torch.zeros(3).copy_(x),
        lambda x: x.repeat_interleave(torch.ones(3, device="cuda", dtype=torch.long)),
    ],
)
def test_each_wait_is_counted_once(card: Card, wait) -> None:
    wait(torch.arange(3.0, device="cuda"))
    assert card.waits.total() == 1, card.waits


def test_gradients_come_back_over_a_move(card: Card) -> None:
    here = torch.ones(3, requires_grad=True)
    there = here.to("cuda")
    (there * torch.arange(3.0, device="cuda")).sum().backward()
    assert here.grad is not None and not on_card(here.grad) and here.grad.tolist() == [0, 1, 2]
    module = torch.nn.Linear(3, 1).to("cuda")
    module(there).sum().backward()
    assert all(p.grad is not None and on_card(p.grad) for p in module.parameters())


def train(corpus, work, device, card=None):  # type: ignore[no-untyped-def]
    """What `loop.train` learned, its history, and what the last step of each phase waited for."""
    base, waits = SimpleNamespace(weights=None, config=None), {}

    def step(*arguments):  # type: ignore[no-untyped-def]
        if card:
            card.waits.clear()
        return original(*arguments)

    def frozen(watch, number):  # type: ignore[no-untyped-def]
        waits[watch._phase] = Counter(card.waits if card else {})
        return looked(watch, number)

    original, looked = loop.step, guards.Watch.frozen
    data, dev = (open_split(corpus, split) for split in ("train", "dev"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(guards, "FIRST_STEPS", 1)  # in which it looks at every gradient
        patch.setattr(guards.Watch, "frozen", frozen)
        patch.setattr(loop, "step", step)
        patch.setattr(loop, "load_model", tiny_model)
        patch.setattr(loop, "write_curves", lambda *_: None)
        return *loop.train(base, data, dev, SHORT, work, seed=5, device=device), waits  # type: ignore[arg-type]


@pytest.fixture
def stock_lstms(monkeypatch):
    """PyTorch's own LSTMs on the CPU too: the fused ones differ in the last bits, and a critic blows these up."""
    monkeypatch.setattr(PaddedLSTM, "forward", torch.nn.LSTM.forward)


@pytest.mark.usefixtures("stock_lstms")
def test_training_gives_what_it_gives_on_a_cpu(corpus, tmp_path):
    expected, rows, _ = train(corpus, tmp_path / "cpu", "cpu")
    with pretended_card() as card:
        learned, found, waits = train(corpus, tmp_path / "card", "cuda", card)
    assert found == rows
    assert all(torch.equal(tensor, expected[name]) for name, tensor in learned.items())
    # All numbers that decide about a step are read together; the other two are in KModel's source and inverse STFT.
    read, kokoro = (
        {"loop.step: tolist": 1},
        {"istftnet.forward: copy to the card": 1, "istftnet.inverse: equal": 1},
    )
    assert waits == {"prosody": read, "acoustic": read | kokoro}


@pytest.mark.usefixtures("stock_lstms")
def test_decoding_speaks_the_same(pack, card):
    here, there = (
        Synthesiser(TorchEngine(model, {"anna": pack})) for model in (tiny_model(), tiny_model().to("cuda"))
    )
    card.waits.clear()
    ours, expected = (voice.speak(Phonemes("", GREETING, ()), "anna") for voice in (there, here))
    assert ours.durations == expected.durations
    np.testing.assert_array_equal(ours.audio, expected.audio)
    # Tokens and style go to the card, audio and durations come back.
    moves = ("tensor", "copy to the card", "copy from the card", "tolist")
    own = {place: count for place, count in card.waits.items() if place.startswith("speak.")}
    assert own == {f"speak.speak: {move}": 1 for move in moves}
    assert card.waits.total() <= 16  # the others are in KModel's own forward


@pytest.mark.usefixtures("stock_lstms")
def test_style_fit_moves_as_on_a_cpu(corpus, pack, card):
    data = open_split(corpus, "train")
    features = PackedFeatures(corpus / "features", "train")
    clips = [read_clip(alignment, features, utterance.audio) for utterance, alignment in data.utterances[:3]]
    settings = EmbeddingSettings(prosodic_steps=1, acoustic_steps=1, crop_frames=10)
    expected, facts = fit_style(tiny_model(), pack, clips, settings, seed=1)
    model = tiny_model().to("cuda")
    card.waits.clear()
    fitted, found = fit_style(model, pack, clips, settings, seed=1)
    assert not on_card(fitted) and torch.equal(fitted, expected) and found == facts
    # Of two steps and four losses. Few are made: clips are copied one by one, and padding is left out by masks.
    assert card.waits.total() <= 6 * 13


@pytest.mark.usefixtures("stock_lstms")
def test_tempo_is_fitted_as_on_a_cpu(corpus, pack, card):
    found = []
    for model in (tiny_model(), tiny_model().to("cuda")):
        card.waits.clear()
        pairs = open_split(corpus, "train").utterances
        timed = [Timed.of(model, utterance.speaker, alignment) for utterance, alignment in pairs]
        packs = {utterance.speaker: pack for utterance, _ in pairs}
        found.append(fit_tempo(model, packs, timed))
    assert found[0] == found[1]
    assert card.waits["tempo.fit_tempo: local_scalar_dense"] == STEPS  # each bisection decides by a sum


@pytest.mark.usefixtures("stock_lstms")
def test_a_candidate_speaks_and_is_scored_as_on_a_cpu(corpus, card, monkeypatch):
    monkeypatch.setattr(audition, "load_model", tiny_model)
    data, dev = (open_split(corpus, split) for split in ("train", "dev"))
    base = tiny_model().state_dict()
    names = ("predictor.duration_proj.linear_layer.weight", "decoder.encode.conv1.weight_v")
    learned = {name: 1.01 * base[name] for name in names}
    halves = [f"style.{half}.{speaker}" for half in ("acoustic", "prosody") for speaker in data.packs]
    learned |= {name: torch.full((128,), 0.01) for name in halves}
    found = []
    for device in ("cpu", "cuda"):
        files = SimpleNamespace(weights=None, config=None)
        ours = audition.Audition(files, learned, data, dev, 1, Judges(device=device), device)  # type: ignore[arg-type]
        packs, tempo = ours.become(Alpha(1.0, 0.5))
        found.append((packs, tempo, audition.means(ours.score(packs))))
        assert on_card(ours.model.get_parameter(names[0])) == (device == "cuda")
    (packs, tempo, scores), (others, shift, figures) = found
    assert tempo == shift and all(torch.equal(pack, others[speaker]) for speaker, pack in packs.items())
    assert len(scores) > 4 and figures == pytest.approx(scores, abs=1e-4)


def noise(seed: int) -> np.ndarray:
    """A second of it, at 24 kHz."""
    return 0.1 * np.random.default_rng(seed).standard_normal(24_000).astype(np.float32)


def test_recogniser_learns_and_recognises_as_on_a_cpu(tmp_path, card):
    spoken = [(noise(seed), text) for seed, text in enumerate(("mas uis.", "suma i.", "mu sia?"))]
    files = {device: tmp_path / f"{device}.safetensors" for device in ("cpu", "cuda")}
    for device, path in files.items():
        train_recogniser(spoken, path, seed=1, epochs=2, device=device)
    expected, found = (load_file(path) for path in files.values())
    for name, tensor in expected.items():
        torch.testing.assert_close(found[name], tensor, atol=1e-5, rtol=1e-4)
    heard = [open_recogniser(path, device).phones(noise(9)) for device, path in files.items()]
    card.waits.clear()
    assert heard[0] == heard[1]


def test_speaker_encoder_and_opinion_give_what_they_give_on_a_cpu(card):
    here, there = (SpeakerEncoder(device=device).embed(noise(1), 24_000) for device in ("cpu", "cuda"))
    np.testing.assert_allclose(there, here, atol=1e-6)
    here, there = (open_dvector(device).embed(noise(1)) for device in ("cpu", "cuda"))
    np.testing.assert_allclose(there, here, atol=1e-5)
    assert distillmos_of(noise(1), "cuda") == pytest.approx(distillmos_of(noise(1)), abs=1e-5)
