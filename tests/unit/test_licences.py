"""`make licences`: what is permissive passes, what is not needs an entry."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from made_up import call

from moien.recipe.settings import ROOT
from tools import licences


def test_every_package_and_corpus_was_looked_at() -> None:
    printed = call(licences.main).output
    assert "torch\t" in printed and "recipe lb\tCC BY-NC-SA" in printed
    assert "whoever redistributes it" in printed.lower()  # espeak-ng


def test_the_bill_of_materials_has_every_package_of_the_lock(tmp_path: Path) -> None:
    call(licences.main, "--sbom", tmp_path / "sbom.json")
    made = json.loads((tmp_path / "sbom.json").read_text())
    assert (made["bomFormat"], made["specVersion"]) == ("CycloneDX", "1.6")
    listed = {re.sub("[-_.]+", "-", row["name"].lower()) for row in made["components"]}
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    locked = {re.sub("[-_.]+", "-", line.partition("==")[0].lower()) for line in lines if "==" in line}
    assert locked == listed
    assert all(row["purl"].startswith("pkg:pypi/") and row["licenses"] for row in made["components"])


@pytest.mark.parametrize(
    "stated",
    [
        "GNU General Public License v3",
        "AGPL-3.0-only",
        "none stated",
        "NVIDIA Proprietary",
        "MIT AND GPL-3.0-only",
    ],
)
def test_another_licence_fails(monkeypatch: pytest.MonkeyPatch, stated: str) -> None:
    monkeypatch.setattr(licences, "licence", lambda package: stated if package.name == "click" else "MIT")
    ended = call(licences.main)
    assert ended.exit_code == 1 and "click" in ended.output


def test_a_corpus_without_a_licence_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(licences, "corpora", lambda: iter([("mine", "")]))
    ended = call(licences.main)
    assert ended.exit_code == 1 and "recipe mine" in ended.output
