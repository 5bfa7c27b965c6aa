"""The GPUs of this machine."""

from __future__ import annotations

from moien.errors import WrongCall


def check_device(ngpu: int) -> None:
    """WrongCall for more GPUs than torch finds; without any, torch is not imported."""
    if not ngpu:
        return
    import torch

    if ngpu > (found := torch.cuda.device_count()):
        raise WrongCall(
            f"system.ngpu is {ngpu}, but torch finds {found or 'no'} GPU{'s' * (found > 1)}",
            remedy=f"--ngpu {found}" if found else "--ngpu 0 computes on the CPU; in docker: --gpus all",
        )
