"""Stages compute with the threads of the settings, whatever the machine has."""

from __future__ import annotations

import ast
import subprocess
import sys

from moien.recipe.settings import ROOT

LOOK = """
from moien.threads import use_threads
use_threads(2)
import librosa, numpy, resemblyzer, scipy.linalg, torch
from threadpoolctl import threadpool_info
scipy.linalg.svd(numpy.eye(3))
print(torch.get_num_threads(), sorted({i["num_threads"] for i in threadpool_info() if i["user_api"] == "blas"}))
"""


def test_blas_has_one_thread_and_torch_those_asked_for() -> None:
    environment = {"OPENBLAS_NUM_THREADS": "3", "OMP_NUM_THREADS": "3", "PATH": ""}  # more cores than threads
    found = subprocess.run(
        [sys.executable, "-c", LOOK], capture_output=True, text=True, env=environment, cwd=ROOT
    )
    assert found.stdout == "2 [1]\n", found.stderr


def test_threads_are_set_in_one_place() -> None:
    for part in ("moien", "steps", "tools", "utils", "local"):
        for path in (ROOT / part).rglob("*.py"):
            names = {n.attr for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Attribute)}
            assert path.name == "threads.py" or "set_num_threads" not in names, path
