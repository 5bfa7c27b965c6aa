"""Settings of stage 9, pack."""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import Field

from moien.section import Section

Target = Literal["kokoro-onnx", "sherpa-onnx", "transformers.js"]


class PackSettings(Section):
    """Stage 9."""

    targets: tuple[Target, ...] = Field(
        get_args(Target),
        description="Programs besides the package `kokoro` that can open the voice. They share an ONNX file of 325 MB; "
        "with an empty list there is none.",
    )
