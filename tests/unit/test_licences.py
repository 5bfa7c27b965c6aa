"""`make licences`: what is permissive passes, what is not needs an entry."""

from __future__ import annotations

import pytest
from made_up import call

from tools import licences


def test_every_package_and_corpus_was_looked_at() -> None:
    printed = call(licences.main).output
    assert "torch\t" in printed and "recipe lb\tCC BY-NC-SA" in printed
    assert "whoever redistributes it" in printed.lower()  # espeak-ng


@pytest.mark.parametrize(
    "stated", ["GNU General Public License v3", "AGPL-3.0-only", "none stated", "NVIDIA Proprietary"]
)
def test_another_licence_fails(monkeypatch: pytest.MonkeyPatch, stated: str) -> None:
    monkeypatch.setattr(licences, "licence", lambda package: stated if package.name == "click" else "MIT")
    ended = call(licences.main)
    assert ended.exit_code == 1 and "click" in ended.output


def test_a_corpus_without_a_licence_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(licences, "corpora", lambda: iter([("mine", "")]))
    ended = call(licences.main)
    assert ended.exit_code == 1 and "recipe mine" in ended.output
