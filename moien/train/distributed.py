"""Several processes that learn as one: each has its share of every step's batch, and all make the same step.

Alone (without `torch.distributed`) every function here does nothing, so that there is one loop for both. Not
DistributedDataParallel: it averages plainly, and a process with fewer utterances would pull as hard as the others;
and it needs one module with one forward, where a phase calls parts of two. Tested with two processes on gloo (two
cores); **never run with nccl or on more than one machine**.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from moien.errors import MoienError, WrongData
from moien.train.data import Batch, TrainingSet

# The other processes wait while the first one computes what is needed once; torch's own limit for NCCL is 10 min. A
# process that dies is noticed by `spawn`, not by this limit.
PATIENCE = timedelta(hours=12)


def together() -> bool:
    """Whether this process is one of several."""
    return dist.is_available() and dist.is_initialized()


def rank() -> int:
    """The number of this process; 0 writes."""
    return dist.get_rank() if together() else 0


def world() -> int:
    """How many there are."""
    return dist.get_world_size() if together() else 1


def wait() -> None:
    """Until all processes are here."""
    if together():
        dist.barrier()


def average(tensors: Iterable[Tensor]) -> None:
    """Make each tensor the mean over the processes, in place: in one message, whose cost is mostly its start."""
    if not together():
        return
    every = list(tensors)
    flat = torch.cat([tensor.flatten() for tensor in every])
    dist.all_reduce(flat)
    parts = flat.div_(world()).split([tensor.numel() for tensor in every])
    for tensor, part in zip(every, parts, strict=True):
        tensor.copy_(part.view_as(tensor))


def mean(parts: Iterable[Tensor]) -> Tensor:
    """Numbers without their graph, stacked, each the mean over the processes."""
    stacked = torch.stack([part.detach() for part in parts])
    average([stacked])
    return stacked


def least(value: int, device: str) -> int:
    """The smallest of the processes' values."""
    if not together():
        return value
    agreed = torch.tensor(value, device=device)
    dist.all_reduce(agreed, dist.ReduceOp.MIN)
    return int(agreed)


def share_gradients(learning: Iterable[nn.Parameter]) -> None:
    """Make each gradient the mean over the processes; a tensor without a gradient in all of them keeps none."""
    if not together():
        return
    tensors = list(learning)
    having = torch.tensor([float(t.grad is not None) for t in tensors], device=tensors[0].device)
    dist.all_reduce(having)
    reached = [tensor for tensor, count in zip(tensors, having.tolist(), strict=True) if count]
    for tensor in reached:
        if tensor.grad is None:  # the style of a speaker that another process's share has
            tensor.grad = torch.zeros_like(tensor)
    average(tensor.grad for tensor in reached if tensor.grad is not None)


def agree(shares: Sequence[Batch], device: str = "cpu") -> tuple[list[Batch], dict[str, int]]:
    """What a step has in all processes, and this process's shares of it, each with its `weight` and `shortest`.

    The k-th shares of all processes go through the model at the same time. A share that is filler in all of them is
    left out; one that is filler here alone stays, so that all processes make the same calls, and weighs 0.

    Returns:
        The shares, and how many of each unit the whole step has, see `Batch.counts`.
    """
    counts = [share.counts() for share in shares]
    own = [[*count.values(), share.shortest] for share, count in zip(shares, counts, strict=True)]
    steps = gathered(own, device)  # of each process, of each share
    found = [
        (share, count["utterances"], sum(step[k][0] for step in steps))
        for k, (share, count) in enumerate(zip(shares, counts, strict=True))
    ]
    shortest = min(row[-1] for step in steps for row in step if row[0])
    whole = {unit: sum(row[k] for step in steps for row in step) for k, unit in enumerate(counts[0])}
    return [
        replace(share, weight=world() * mine / all, shortest=shortest if share.own else share.shortest)
        for share, mine, all in found
        if all
    ], whole


def gathered(rows: list[list[int]], device: str) -> list[list[list[int]]]:
    """The rows of each process; those of all processes must be alike in shape."""
    if not together():
        return [rows]
    own = torch.tensor(rows, dtype=torch.int64, device=device)
    every = [torch.empty_like(own) for _ in range(world())]
    dist.all_gather(every, own)
    made: list[list[list[int]]] = torch.stack(every).tolist()
    return made


def weigh(
    losses: Mapping[str, Tensor], over: Mapping[str, str], batch: Batch, whole: Mapping[str, int]
) -> dict[str, Tensor]:
    """Scale the losses of a part of a step so that the summed and averaged gradients are those of the whole.

    A loss is a mean over c positions of this part, and the mean over the C positions of all parts in all n processes
    is wanted. Gradients of a process's parts are summed, those of the processes averaged, which divides by n; so each
    part must count n · c / C. (Plain averaging would let a process with fewer or shorter utterances pull as hard as the
    others.) A step of one part in one process stays as it is.

    Args:
        losses: name → mean of this part.
        over: name → the unit that it is a mean over, see `Batch.counts`. Crops of one length are `utterances`. A loss
            must be a plain mean: the ratio of two sums over a whole batch cannot be put together from shares.
        batch: what the losses were made from.
        whole: what the step has of each unit, see `agree`.

    Returns:
        The losses to call `backward` on; the mean over the processes of their sum is the loss of the whole step.
    """
    counts = batch.counts()
    return {name: loss * (world() * counts[over[name]] / whole[over[name]]) for name, loss in losses.items()}


def require_same_data(data: TrainingSet, device: str = "cpu") -> None:
    """WrongData, in every process, where those of a training have opened different data: their shares would overlap."""
    if not together():
        return
    number = int.from_bytes(data.utterances.digest()[:7], "big")  # fits into an int64
    least, most = (torch.tensor(number, device=device) for _ in range(2))
    dist.all_reduce(least, dist.ReduceOp.MIN)
    dist.all_reduce(most, dist.ReduceOp.MAX)
    if int(least) != int(most):
        raise WrongData(
            "the processes of this training have different data",
            where=f"process {rank()}: {len(data)} utterances",
            remedy="let all of them read the same folders, made by the same run",
        )


def spawn(function: Callable[..., object], count: int, device: str, *arguments: Any) -> None:
    """Call `function(device, *arguments)` in `count` processes, each with a device of its own, and wait for their end.

    SIGTERM is handed on to them, so that they save and end; Ctrl-C reaches them by itself.

    Raises:
        KeyboardInterrupt: one of both came. WrongData: a process failed; it printed why.
    """
    received: list[int] = []
    with tempfile.TemporaryDirectory() as folder:
        meeting = Path(folder) / "meet"
        members = torch.multiprocessing.start_processes(
            _member, (count, meeting, function, device, arguments), count, join=False, start_method="spawn"
        )

        def hand_on(number: int, frame: FrameType | None) -> None:
            received.append(number)
            for process in members.processes:
                if number == signal.SIGTERM and process.is_alive():
                    process.terminate()

        before = {number: signal.signal(number, hand_on) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            while not members.join():
                pass
        except (
            torch.multiprocessing.ProcessExitedException,
            torch.multiprocessing.ProcessRaisedException,
        ) as fault:
            if not received:
                raise WrongData(
                    f"process {fault.error_index} of {count} failed: {str(fault).strip().splitlines()[-1]}",
                    where="training in several processes",
                    remedy="see its message above; the last checkpoint is unharmed",
                ) from None
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
    if received:
        raise KeyboardInterrupt


def _member(
    rank: int,
    count: int,
    meeting: Path,
    function: Callable[..., object],
    device: str,
    arguments: tuple[Any, ...],
) -> None:
    if rank:
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115  (for life: the first one prints for all)
    if device == "cuda":
        torch.cuda.set_device(rank)
    backend = "nccl" if device == "cuda" else "gloo"
    meet = f"file://{meeting}"
    dist.init_process_group(backend, init_method=meet, rank=rank, world_size=count, timeout=PATIENCE)
    try:
        function(device, *arguments)
    except MoienError as error:
        print(f"process {rank}: {error}", file=sys.stderr, flush=True)
        raise SystemExit(error.exit_code) from None
    dist.destroy_process_group()
