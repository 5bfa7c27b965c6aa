"""The real model, loaded once for all unit tests: whoever changes it changes it for the others, so copy first."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def model(base):  # type: ignore[no-untyped-def]
    """Kokoro-82M in eval mode, without gradients."""
    import torch

    from moien.kokoro.base import load_model

    torch.set_num_threads(1)  # beside other jobs, a second thread mostly waits
    return load_model(base.weights, base.config)
