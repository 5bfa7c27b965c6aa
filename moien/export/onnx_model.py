"""The graph as an ONNX model that every runtime takes: one file, whose names and metadata fit them all.

Outputs are `waveform` (kokoro-js; the others take the first output), `duration` int64 (kokoro-onnx) and `durations`
float32 (Kokoros). kokoro-onnx reads the vocabulary from the metadata, sherpa-onnx the number and the size of voices.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from io import BytesIO

import onnx
import torch
from kokoro import KModel

from moien.audio import SAMPLE_RATE
from moien.export.packs import SHERPA_ROWS
from moien.kokoro.graph import Graph
from moien.kokoro.style import STYLE_DIM

OPSET = 17  # of 2022: all runtimes load it
SEED = 0.0  # of the noise: the same in every session; the second sentence of a session has other noise than the first
INPUTS, OUTPUTS = ("input_ids", "style", "speed"), ("waveform", "duration", "durations")


def onnx_model(model: KModel, metadata: Mapping[str, str]) -> onnx.ModelProto:
    """The model with folded weight norm as ONNX; the same weights give the same bytes."""
    example = torch.zeros(1, 8, dtype=torch.long), torch.zeros(1, STYLE_DIM), torch.ones(1)
    file = BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracer's, on shapes that are constants of this model
        torch.onnx.export(
            Graph(model).eval(),
            example,
            file,  # type: ignore[arg-type]
            dynamo=False,
            opset_version=OPSET,
            input_names=list(INPUTS),
            output_names=list(OUTPUTS),
            dynamic_axes={"input_ids": {1: "tokens"}, **{name: {0: "tokens"} for name in OUTPUTS[1:]}}
            | {"waveform": {0: "samples"}},
        )
    exported = onnx.load_from_string(file.getvalue())
    for node in exported.graph.node:
        if node.op_type == "RandomNormalLike":
            node.attribute.append(onnx.helper.make_attribute("seed", SEED))
    onnx.helper.set_model_props(exported, dict(metadata))
    onnx.checker.check_model(exported)
    return exported


def metadata(speakers: Sequence[str], language: str, config: str) -> dict[str, str]:
    """Metadata of the model: `kokoro_config` for kokoro-onnx, the rest for sherpa-onnx.

    Args:
        speakers: in the order of sherpa's voices.bin.
        config: the content of config.json, with the vocabulary.
    """
    return {
        "kokoro_config": config,
        "model_type": "kokoro",
        "language": language,
        "sample_rate": str(SAMPLE_RATE),
        "version": "1",
        "n_speakers": str(len(speakers)),
        "speaker_names": ",".join(speakers),
        "style_dim": f"{SHERPA_ROWS},1,{STYLE_DIM}",
        "has_espeak": "1",  # sherpa-onnx 1 loads no other model, even if only a lexicon is used
        "voice": language,
    }
