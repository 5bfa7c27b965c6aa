"""Several processes see together what one process sees, and learn the same from it."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist
from hypothesis import given, settings
from hypothesis import strategies as st
from leaving import leave
from tiny_training import SETTINGS, Run, open_split, tiny_model, with_base, write_corpus
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from moien.errors import WrongCall, WrongData
from moien.kokoro.losses import duration_losses, f0_loss
from moien.train import distributed, loop
from moien.train.data import Batch, BatchPlan, TrainingSet, collate, load
from moien.train.distributed import agree, require_same_data, weigh

STEPS = 5
OVER = {"duration": "inner tokens", "duration_bins": "tokens", "f0": "frames", "audio": "utterances"}


@settings(deadline=None)  # a busy machine is no failure
@given(st.lists(st.integers(4, 400), min_size=1, max_size=40), st.integers(50, 2000), st.integers(1, 5))
def test_the_shares_of_a_step_are_the_step(frames, most, world):
    whole = list(islice(BatchPlan(frames, most, seed=1), 12))
    shares = [
        list(islice(BatchPlan(frames, most, seed=1, rank=rank, world=world), 12)) for rank in range(world)
    ]
    for batch, *parts in zip(whole, *shares, strict=True):
        assert sorted(batch) == sorted(index for part in parts for index in part)
        assert max(map(len, parts)) - min(map(len, parts)) <= 1


class Toy(nn.Module):
    """Durations from tokens, F0 from energy, a gain: a loss for each unit."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.durations = nn.Embedding(178, 50)
        self.f0 = nn.Linear(1, 1)
        self.gain = nn.Parameter(torch.ones(()))

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """Loss name → mean over the batch."""
        duration, bins = duration_losses(self.durations(batch.input_ids), batch.gt_duration, batch.lengths)
        f0 = self.f0(batch.gt_energy[..., None] + torch.arange(batch.gt_f0.shape[1])[:, None] / 10)[..., 0]
        crops = batch.gt_audio[:, :6000]
        return {
            "duration": duration,
            "duration_bins": bins,
            "f0": f0_loss(f0, batch.gt_f0, batch.frames),
            "audio": (self.gain * crops - 0.3 * crops.abs()).square().mean(),
        }


def learn(data: TrainingSet, rank: int, world: int, weighted: bool = True) -> list[Tensor]:
    """What the toy has learned after some steps, at a batch size that leaves one utterance to some of them."""
    toy = Toy()
    model = DistributedDataParallel(toy) if world > 1 else toy
    optimiser = torch.optim.SGD(toy.parameters(), lr=0.1)
    plan = BatchPlan(data.frames, 64, 1, rank, world)
    for batch in load(with_base(data), islice(plan, STEPS), workers=1):
        parts = model(batch)
        optimiser.zero_grad()
        _, whole = agree([batch])
        counted = weigh(parts, OVER, batch, whole) if weighted else parts
        torch.stack(list(counted.values())).sum().backward()
        optimiser.step()
    return [parameter.detach() for parameter in toy.parameters()]


def together(folder: Path, function: Callable[[int], Any]) -> list[Any]:
    """`function(rank)` in two processes that can speak to each other."""
    context = multiprocessing.get_context("fork")  # spawned ones would import torch for seconds

    def member(rank: int) -> None:
        torch.set_num_threads(1)  # a forked process has lost the others
        os.environ["GLOO_SOCKET_IFNAME"] = "lo"
        meet = f"file://{folder / 'meet'}"
        dist.init_process_group(
            "gloo", init_method=meet, rank=rank, world_size=2, timeout=timedelta(seconds=120)
        )
        torch.save(function(rank), folder / f"{rank}.pt")
        dist.destroy_process_group()

    members = [context.Process(target=member, args=(rank,)) for rank in range(2)]
    for process in members:
        process.start()
    for process in members:
        process.join(240)
        process.kill()
    return [torch.load(folder / f"{rank}.pt", weights_only=True) for rank in range(2)]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shares")
    write_corpus(folder, {"train": 7, "dev": 6})
    return open_split(folder, "train")


def test_two_processes_learn_what_one_learns(data, tmp_path):
    shares = list(islice(BatchPlan(data.frames, 64, 1, rank=1, world=2), STEPS))
    assert [] in shares, "one step must leave nothing for the second process"
    assert any(len(share) for share in shares)
    alone = learn(data, 0, 1)
    both = together(tmp_path, lambda rank: (learn(data, rank, 2), learn(data, rank, 2, weighted=False)))
    for weighted, plain in both:
        assert all(torch.allclose(ours, one, atol=1e-6) for ours, one in zip(weighted, alone, strict=True))
        assert not all(torch.allclose(ours, one, atol=1e-6) for ours, one in zip(plain, alone, strict=True))


SHARED = SETTINGS.model_copy(update={"acoustic": SETTINGS.acoustic.model_copy(update={"crops": 2})})
WITHOUT_CRITIC = SHARED.model_copy(update={"acoustic": SHARED.acoustic.model_copy(update={"critic": 0.0})})
# AdamW without momentum makes whole steps of gradients that are hardly more than rounding, which several processes
# do in another order: at the usual rates the losses are 1.5e-4 apart after four steps.
SLOW = WITHOUT_CRITIC.model_copy(
    update={
        name: phase.model_copy(update={"lr": phase.lr / 10, "style_lr": phase.style_lr / 10})
        for name, phase in (("prosody", WITHOUT_CRITIC.prosody), ("acoustic", WITHOUT_CRITIC.acoustic))
    }
)


@pytest.fixture
def run(data, tmp_path_factory, monkeypatch):
    """The tiny training, whose source draws no noise: that is another one in each process, as in each batch."""
    monkeypatch.setattr(loop, "load_model", tiny_model)
    monkeypatch.setattr(torch, "rand", torch.zeros)
    monkeypatch.setattr(torch, "randn_like", torch.zeros_like)
    return Run(data, open_split(data.utterances[0][0].audio.parent.parent, "dev"))


def test_two_processes_train_the_voice_that_one_trains(run, tmp_path):
    _, rows = run.train(tmp_path / "alone", SLOW)
    both = together(tmp_path, lambda rank: run.train(tmp_path / "both", SLOW))
    for learned, found in both:
        for ours, theirs in zip(found, rows, strict=True):
            assert ours["train"] == pytest.approx(theirs["train"], rel=1e-4, abs=1e-4)
            assert ours["dev"] == pytest.approx(theirs["dev"], rel=1e-4, abs=1e-4)
        assert all(torch.equal(tensor, both[0][0][name]) for name, tensor in learned.items())
    assert sorted(p.name for p in (tmp_path / "both").iterdir()) == sorted(
        p.name for p in (tmp_path / "alone").iterdir()
    )


def test_a_batch_in_shares_trains_the_voice_that_it_trains_as_a_whole(run, tmp_path):
    _, rows = run.train(tmp_path / "whole", SLOW)
    _, found = run.train(tmp_path / "shares", SLOW.model_copy(update={"accumulate": 2}))
    for ours, theirs in zip(found, rows, strict=True):
        assert ours["train"] == pytest.approx(theirs["train"], rel=1e-4, abs=1e-4)
        assert ours["dev"] == pytest.approx(theirs["dev"], rel=1e-4, abs=1e-4)


def test_with_a_critic_too_all_processes_have_one_voice(run, tmp_path):
    (ours, _), (theirs, _) = together(tmp_path, lambda rank: run.train(tmp_path / "both", SHARED))
    assert all(torch.equal(tensor, theirs[name]) for name, tensor in ours.items())
    again, _ = run.train(tmp_path / "both", SHARED)  # alone: it only opens what they have left
    assert all(torch.equal(tensor, ours[name]) for name, tensor in again.items())


def test_a_process_without_a_share_changes_no_bit(run, tmp_path, monkeypatch):
    """It has a shorter utterance by another speaker as filler: two processes end with the bits of one."""
    monkeypatch.setattr(loop, "BatchPlan", lambda *of: iter([[6] if len(of) < 4 or of[3] == 0 else []] * 9))
    crops = SHARED.acoustic.model_copy(update={"crop_frames": run.data.frames[6]})
    settings = SHARED.model_copy(update={"acoustic": crops})
    alone, _ = run.train(tmp_path / "alone", settings)
    for learned, _ in together(tmp_path, lambda rank: run.train(tmp_path / "both", settings)):
        assert not [name for name, tensor in learned.items() if not torch.equal(tensor, alone[name])]


def test_when_one_is_asked_to_end_all_end_after_the_same_step(run, tmp_path, monkeypatch):
    settings = WITHOUT_CRITIC.model_copy(update={"phases": ("prosody",)})
    whole = together(tmp_path, lambda rank: run.train(tmp_path / "whole", settings))[0][0]

    def interrupted(rank: int) -> bool:
        steps = 0
        plain = loop.step

        def step(*arguments: Any) -> Any:
            nonlocal steps
            steps += 1
            if rank == 1 and steps == 3:
                signal.raise_signal(signal.SIGTERM)
            return plain(*arguments)

        loop.step = step
        with pytest.raises(KeyboardInterrupt):
            run.train(tmp_path / "parts", settings)
        return steps == 3

    (tmp_path / "meet").unlink(missing_ok=True)
    assert together(tmp_path, interrupted) == [True, True]
    (tmp_path / "meet").unlink(missing_ok=True)
    again = together(tmp_path, lambda rank: run.train(tmp_path / "parts", settings))[0][0]
    assert all(torch.equal(tensor, whole[name]) for name, tensor in again.items())


def test_fewer_crops_than_processes_are_refused(run, tmp_path):
    def ask(rank: int) -> str:
        with pytest.raises(WrongCall) as error:
            run.train(tmp_path / "work", SETTINGS)
        return str(error.value)

    assert all("crops=2" in said for said in together(tmp_path, ask))
    with pytest.raises(WrongCall, match=r"1 crops a step .* in 2 shares each"):
        run.train(tmp_path / "work", SETTINGS.model_copy(update={"accumulate": 2}))


def test_processes_are_begun_and_end_together(tmp_path, forked_pools):
    distributed.spawn(leave, 2, "cpu", tmp_path, -1)
    assert {file.name for file in tmp_path.iterdir()} == {"cpu-0", "cpu-1"}


def test_what_a_process_fails_with_is_printed(tmp_path, capfd):
    with pytest.raises(WrongData, match="process 1 of 2 failed"):
        distributed.spawn(leave, 2, "cpu", tmp_path, 1)
    assert "process 1: here: the disk is gone" in capfd.readouterr().err


def test_processes_with_different_data_are_refused(data, tmp_path):
    other = TrainingSet.__new__(TrainingSet)
    other.utterances = type(data.utterances)()
    for pair in data.utterances[:-1]:
        other.utterances.append(pair)

    def ask(rank: int) -> list[str]:
        said = []
        for choice in ((data, data), (data, other)):
            try:
                require_same_data(choice[rank])
                said.append("")
            except WrongData as error:
                said.append(str(error))
        return said

    for rank, (same, different) in enumerate(together(tmp_path, ask)):
        assert same == ""
        assert f"process {rank}: {7 - rank} utterances" in different


def test_alone_nothing_is_weighed(data):
    losses, batch = {"f0": torch.tensor(2.0)}, collate([with_base(data)[0]])
    [share], whole = agree([batch])
    assert weigh(losses, OVER, batch, whole) == losses
    assert (share.weight, share.shortest) == (1, data.frames[0])
    require_same_data(data)
