"""This machine: its disk, its memory and its GPUs."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from moien.errors import WrongCall, WrongData


def check_disk(folder: Path, needed_gb: float) -> None:
    """Print the free space at `folder`; WrongData if it is less than needed."""
    free_gb = shutil.disk_usage(folder).free / 1e9
    print(f"disk: {free_gb:.0f} GB free at {folder}")
    if free_gb < needed_gb:
        remedy = "--set system.work_dir=FOLDER"
        raise WrongData(f"{free_gb:.1f} GB of disk are free, {needed_gb:g} are needed", remedy=remedy)


def check_memory(needed_gb: float) -> None:
    """Print the memory and the number of cores; WrongData if the memory is less than needed."""
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    print(f"memory: {memory_gb:.0f} GB, {os.cpu_count()} cores")
    if memory_gb < needed_gb:
        raise WrongData(
            f"{memory_gb:.1f} GB of memory, {needed_gb:g} are needed", remedy="use a larger machine"
        )


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
