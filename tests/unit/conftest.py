"""The real model, loaded once for all unit tests: whoever changes it changes it for the others, so copy first."""

from __future__ import annotations

from pathlib import Path

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
    from moien.synth import Synthesiser

    return Synthesiser(model, {name: load_pack(base.voices[name]) for name in ("jm_kumo", "jf_alpha")})


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


@pytest.fixture(scope="session")
def tiny_wavlm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """WavLM with a head for speakers, that knows none."""
    import torch
    from transformers import Wav2Vec2FeatureExtractor, WavLMConfig, WavLMForXVector

    torch.manual_seed(0)
    config = WavLMConfig(
        hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=16, conv_dim=(8,) * 7,
        num_conv_pos_embeddings=4, num_conv_pos_embedding_groups=2, tdnn_dim=(8, 8, 8, 8, 16), xvector_output_dim=12,
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("wavlm")
    WavLMForXVector(config).save_pretrained(folder)
    Wav2Vec2FeatureExtractor(sampling_rate=16000, do_normalize=True).save_pretrained(folder)
    return folder
