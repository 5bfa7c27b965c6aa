"""The real model, loaded once for all unit tests: whoever changes it changes it for the others, so copy first."""

from __future__ import annotations

import pytest
from made_up import GREETING


@pytest.fixture(scope="session")
def model(base):  # type: ignore[no-untyped-def]
    """Kokoro-82M in eval mode, without gradients."""
    import torch

    from moien.kokoro.base import load_model

    torch.set_num_threads(1)  # beside other jobs, a second thread mostly waits
    return load_model(base.weights, base.config)


@pytest.fixture(scope="session")
def voice(base, model):  # type: ignore[no-untyped-def]
    """A man and a woman of the base model: opinion models take them for speech, which they do not with espeak-ng."""
    from moien.kokoro.base import load_pack
    from moien.kokoro.speak import TorchEngine
    from moien.synth import Synthesiser

    return Synthesiser(
        TorchEngine(model, {name: load_pack(base.voices[name]) for name in ("jm_kumo", "jf_alpha")})
    )


@pytest.fixture(scope="session")
def speak(voice):  # type: ignore[no-untyped-def]
    """A sentence by one of them, as a clip to score."""
    from moien.score.clip import Clip
    from moien.text import Phonemes

    return lambda name, seed=0: Clip(voice.speak(Phonemes("", GREETING, ()), name, seed=seed).audio)


@pytest.fixture(scope="session")
def man(speak):  # type: ignore[no-untyped-def]
    return speak("jm_kumo")


@pytest.fixture(scope="session")
def woman(speak):  # type: ignore[no-untyped-def]
    return speak("jf_alpha")
