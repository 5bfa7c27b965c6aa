"""How many threads compute: as many as `system.threads` says, and never as many as the machine has cores."""

from __future__ import annotations


def use_threads(count: int) -> None:
    """From here on torch computes with `count` threads, and BLAS, which numpy and scipy call, with one.

    The last bits of a sum depend on how it is divided. BLAS by itself takes all cores, so that the same settings would
    give other speaker embeddings on another machine; no stage spends time in it.
    """
    import scipy.linalg  # noqa: F401  # it has a BLAS of its own, and only what is loaded can be limited
    import torch
    from threadpoolctl import threadpool_limits

    torch.set_num_threads(count)
    threadpool_limits(1, user_api="blas")
