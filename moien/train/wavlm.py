"""What WavLM hears of a voice, as a loss: two clips that its layers cannot tell apart sound alike.

The feature loss of StyleTTS2 (Li et al. 2023; its `WavLMLoss`), with the mean over the layers instead of their sum, so
that the weight does not depend on their number. WavLM comes from the hub or a local folder, so what the loss brings
was **never measured here**, and its weight is 0; tests use a WavLM that knows nothing.
"""

from __future__ import annotations

import torch
import torchaudio
from torch import Tensor

from moien.audio import SAMPLE_RATE
from moien.errors import WrongData
from moien.style.embed import ENCODER_RATE, SHORTEST_SAMPLES, WAVLM, WAVLM_REVISION


class WavLMLoss:
    """WavLM, frozen, and the distance between what it makes of two waveforms."""

    def __init__(self, model: str, device: str) -> None:
        """`model` is a name on the hub or a folder; WrongData when it cannot be loaded."""
        from transformers import WavLMModel

        try:
            revision = WAVLM_REVISION if model == WAVLM else "main"
            network: torch.nn.Module = WavLMModel.from_pretrained(model, revision=revision)
            network.to(device)
        except (OSError, ValueError) as error:
            raise WrongData(
                f"{model} cannot be loaded: {str(error).splitlines()[0]}",
                where="train.acoustic.wavlm",
                remedy="--set train.acoustic.wavlm=0 trains without it; --set train.acoustic.wavlm_model=FOLDER",
            ) from None
        self._network = network.eval().requires_grad_(False)

    def __call__(self, generated: Tensor, natural: Tensor) -> Tensor:
        """Mean L1 between the hidden states of two waveforms `[B, N]` of 24 kHz, over all layers."""
        with torch.no_grad():
            wanted = self._layers(natural)
        pairs = zip(self._layers(generated), wanted, strict=True)
        return torch.stack([(ours - theirs).abs().mean() for ours, theirs in pairs]).mean()

    def _layers(self, audio: Tensor) -> tuple[Tensor, ...]:
        heard = torchaudio.functional.resample(audio, SAMPLE_RATE, ENCODER_RATE)
        heard = torch.nn.functional.pad(heard, (0, max(0, SHORTEST_SAMPLES - heard.shape[1])))
        return self._network(heard, output_hidden_states=True).hidden_states
