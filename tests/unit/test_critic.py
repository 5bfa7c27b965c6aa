"""The critic: it learns to tell, it steers no further than it may, and it resumes to the same bits."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from moien.audio import SAMPLE_RATE
from moien.train.critic import Critic, Output, feature_matching_loss

SIZE = 6000  # samples of a crop


def small(**settings: Any) -> Critic:
    """A critic that steers from its first step on, unless `settings` say otherwise."""
    defaults = {"share": 0.2, "warmup_steps": 0, "ramp_steps": 1, "lr": 2e-3, "channels": 4}
    return Critic(0, **{**defaults, "window_samples": 4000, **settings})


def noise(seed: int, count: int = 2) -> Tensor:
    return 0.1 * torch.randn(count, SIZE, generator=torch.Generator().manual_seed(seed))


def tones(seed: int, count: int = 2) -> Tensor:
    """Sines of other frequencies at each seed, as loud as `noise`."""
    hz = 200 + 3000 * torch.rand(count, 1, generator=torch.Generator().manual_seed(seed))
    return 0.14 * torch.sin(2 * torch.pi * hz * torch.arange(SIZE) / SAMPLE_RATE)


def spectral(audio: Tensor) -> Tensor:
    """Stands for the losses that the critic is weighed against."""
    return (audio - 0.01).square().mean()


def judged(critic: Critic, natural: Tensor, generated: Tensor) -> tuple[dict[str, Tensor], Tensor]:
    """The losses of the decoder, and their gradient at the audio."""
    audio = generated.clone().requires_grad_()
    losses = critic.losses(natural, audio, spectral(audio))
    loss = 0 * audio.sum() + torch.stack(list(losses.values())).sum()  # in the warm-up there is no graph
    (gradient,) = torch.autograd.grad(loss, audio)
    return losses, gradient


def learn(critic: Critic, natural: Tensor, generated: Tensor) -> dict[str, Tensor]:
    """A step of the discriminators."""
    learned = critic.learn(natural, generated)
    critic.update(float(critic.clip()))
    return learned


def weights(critic: Critic) -> Tensor:
    return torch.cat([p.detach().flatten() for p in critic.discriminators.parameters()])


@pytest.fixture(scope="module")
def lesson() -> tuple[dict[str, Any], list[dict[str, Tensor]]]:
    """A critic that learned noise as natural and tones as decoded, as its state; and what each step returned."""
    critic = small()
    steps = [learn(critic, noise(i), tones(i)) for i in range(20)]
    return critic.state_dict(), steps


@pytest.fixture
def critic(lesson) -> Critic:
    """That critic, for one test alone."""
    critic = small()
    critic.load_state_dict(deepcopy(lesson[0]))
    return critic


def test_it_learns_to_tell_noise_from_tones_that_are_new_to_it(lesson, critic):
    _, steps = lesson
    assert steps[-1]["critic"] < 0.5 * steps[0]["critic"]
    assert torch.stack([step["told_apart"] for step in steps[-5:]]).mean() > 0.8
    scores = [[v.scores.flatten(1).mean(1) for v in critic.outputs(x(1000, 8))] for x in (noise, tones)]
    natural, decoded = (torch.stack(each) for each in scores)  # [discriminators, windows]
    assert (natural.mean(1) > decoded.mean(1)).all(), "each discriminator can tell"
    assert natural.mean(0).min() > decoded.mean(0).max(), "together they can tell in each window"


def test_feature_matching_is_zero_on_the_same_audio_and_grows_with_blur(critic):
    natural = noise(3)
    blurred = [F.avg_pool1d(natural[:, None], 2 * w + 1, 1, w)[:, 0] for w in (0, 1, 3, 9)]
    found = [
        feature_matching_loss(critic.outputs(natural), critic.outputs(audio)).item() for audio in blurred
    ]
    assert found[0] == 0
    assert found == sorted(found)
    assert found[1] > 0.05


def test_features_of_any_size_match_alike(critic):
    def scaled(by: float, audio: Tensor) -> list[Output]:
        return [
            output._replace(features=[by * f for f in output.features]) for output in critic.outputs(audio)
        ]

    less, more = ([scaled(by, audio) for audio in (noise(0), tones(0))] for by in (3, 9))
    assert torch.allclose(feature_matching_loss(*less), feature_matching_loss(*more))


def test_the_decoder_gets_the_whole_gradient_and_the_discriminators_none(critic):
    before = weights(critic)
    losses, gradient = judged(critic, noise(7), tones(7))
    assert losses["adversarial"] > 0 < losses["features"]
    assert (gradient[:, critic.window(gradient)] != 0).float().mean() > 0.9
    assert all(p.grad is None for p in critic.discriminators.parameters())
    assert torch.equal(weights(critic), before)


def test_following_the_gradient_convinces_the_critic(critic):
    natural, audio = noise(7), tones(7)
    part = critic.window(audio)

    def score() -> float:
        with torch.no_grad():
            return torch.stack([v.scores.mean() for v in critic.outputs(audio[:, part])]).mean().item()

    before = score()
    for _ in range(10):
        gradient = judged(critic, natural, audio)[1]
        audio = audio - 0.3 * gradient / gradient.norm()
    assert score() > before + 0.1


def test_the_weight_rises_after_the_warm_up():
    critic = small(warmup_steps=2, ramp_steps=4)
    shares = []
    for step in range(7):
        losses, gradient = judged(critic, noise(step), tones(step))
        shares.append(critic.share_now)
        assert bool(gradient.any()) == (step > 2) == (losses["adversarial"] > 0)
        learn(critic, noise(step), tones(step))
    assert shares == pytest.approx([0, 0, 0, 0.05, 0.1, 0.15, 0.2])


def test_no_step_steers_more_than_its_share(critic):
    shares = []
    for loudness in (1, 0, 0.01, 8, 1, 1e-4):
        audio = loudness * tones(int(100 * loudness))
        _, gradient = judged(critic, noise(1), audio)
        assert gradient.isfinite().all()
        shares.append(gradient.norm().item() / float(critic._norms[0]))
    assert shares[0] == pytest.approx(0.2, rel=1e-4), "the first step knows only itself: its share is exact"
    assert max(shares) < 0.2001


def test_validation_reads_the_same_numbers_and_changes_nothing(critic):
    trained, _ = judged(critic, noise(5), tones(5))
    state = str(critic.state_dict())
    with torch.no_grad():
        read = critic.losses(noise(5), tones(5), torch.zeros(()))
    assert str(critic.state_dict()) == state
    assert {k: v.item() for k, v in read.items()} == pytest.approx({k: v.item() for k, v in trained.items()})


def test_audio_that_is_no_number_teaches_nothing(critic):
    before = weights(critic)
    learn(critic, noise(0), torch.full((2, SIZE), torch.nan))
    assert torch.equal(weights(critic), before)
    losses, _ = judged(critic, noise(0), torch.full((2, SIZE), torch.nan))
    assert not losses["adversarial"].isfinite(), "the loop must see that the step is bad"
    learn(critic, noise(1), tones(1))
    assert weights(critic).isfinite().all()
    assert judged(critic, noise(2), tones(2))[1].isfinite().all()


def run(critic: Critic, steps: range) -> list[float]:
    """Steps of a toy decoder that has nothing but the critic; all numbers on the way."""
    numbers = []
    for step in steps:
        learned = learn(critic, noise(step), tones(step))
        losses, gradient = judged(critic, noise(step), tones(step))
        numbers += [x.item() for x in (*learned.values(), *losses.values(), gradient.square().sum())]
    return numbers


def test_resuming_gives_the_same_bits(tmp_path: Path):
    settings = {"warmup_steps": 1, "ramp_steps": 3}
    whole = run(small(**settings), range(5))
    first = small(**settings)
    numbers = run(first, range(3))
    torch.save(first.state_dict(), tmp_path / "critic.pt")
    torch.rand(3)  # the global generator is another one: it must not matter
    second = small(**settings)
    second.load_state_dict(torch.load(tmp_path / "critic.pt", weights_only=True))
    assert numbers + run(second, range(3, 5)) == whole


def test_shares_of_a_step_teach_what_the_step_teaches() -> None:
    whole, parts = small(), small()
    whole.learn(noise(1), tones(1))
    for one in (slice(0, 1), slice(1, 2)):
        parts.learn(noise(1)[one], tones(1)[one])
    assert float(parts.clip()) == pytest.approx(float(whole.clip()), rel=1e-4)
    for part, one in zip(parts.discriminators.parameters(), whole.discriminators.parameters(), strict=True):
        assert torch.allclose(part.grad, one.grad, rtol=1e-3, atol=1e-6)  # type: ignore[arg-type]
    parts.update(1.0)
    assert parts.step == 1 and all(p.grad is None for p in parts.discriminators.parameters())


def test_a_new_critic_leaves_the_generators_as_they_were():
    before = torch.get_rng_state()
    small()
    assert torch.equal(torch.get_rng_state(), before)


def test_windows_vary_within_the_crop_and_a_short_crop_is_used_whole():
    critic, starts = small(), set()
    for critic.step in range(20):
        part = critic.window(noise(0))
        assert 0 <= part.start <= part.stop - 4000 <= SIZE - 4000
        starts.add(part.start)
    assert len(starts) > 15
    short = noise(0)[:, :2400]  # the shortest utterance that training accepts
    assert critic.window(short).start == 0
    assert learn(critic, short, tones(0)[:, :2400])["critic"].isfinite()


def test_the_default_costs_a_tenth_of_the_decoder():
    """Multiplications of a step on a crop of 1.5 s; of the decoder: 26 G for a second, and as many in its backward."""
    critic = small(channels=16, window_samples=12_000)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        critic.outputs(torch.randn(1, 12_000))
    forward = counter.get_total_flops() / 2
    learning, losses = (
        2 * 3 * forward,
        (1 + 2) * forward,
    )  # a backward to weights and input costs two forwards
    assert 0.01 < (learning + losses) / (2 * 26e9 * 1.5) < 0.1
    assert sum(p.numel() for p in critic.discriminators.parameters()) < 1e6


def in_one_of_two(rank: int, folder: str) -> None:
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2)
    critic, one = small(), slice(rank, rank + 1)
    for step in range(2):
        learn(critic, noise(step)[one], tones(step)[one])
        _, gradient = judged(critic, noise(step)[one], tones(step)[one])
    torch.save([weights(critic), gradient / 2], f"{folder}/{rank}.pt")  # half: the loop takes the mean of two
    torch.distributed.destroy_process_group()


def test_two_processes_learn_what_one_learns_on_both_their_crops(tmp_path: Path, forked_pools: None):
    torch.multiprocessing.spawn(in_one_of_two, (str(tmp_path),), nprocs=2)
    (first, upper), (second, lower) = (
        torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in (0, 1)
    )
    critic = small()
    for step in range(2):
        learn(critic, noise(step), tones(step))
        _, gradient = judged(critic, noise(step), tones(step))
    assert torch.equal(first, second)
    assert torch.allclose(first, weights(critic), atol=1e-5)
    assert torch.allclose(
        torch.cat([upper, lower]), gradient, rtol=1e-3, atol=1e-3 * gradient.abs().max().item()
    )
