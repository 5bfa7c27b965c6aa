"""Signs that cannot be spoken: an error in training data, left out with a warning in speech."""

from __future__ import annotations

import pytest

from moien.errors import WrongData
from moien.text import Frontend, Phonemes, Word, assemble
from moien.text.espeak import EspeakFrontend
from moien.text.gaps import read_with_gaps
from moien.text.lb import LuxembourgishFrontend
from moien.text.words import Unspeakable, unspeakable


@pytest.fixture(scope="module", params=["lb", "espeak"])
def frontend(request: pytest.FixtureRequest) -> Frontend:
    return LuxembourgishFrontend.load() if request.param == "lb" else EspeakFrontend("lb")


@pytest.mark.parametrize(
    ("text", "without", "named"),
    [
        ("Moien \u65e5\u672c Welt", "Moien Welt", ("2 in all", "U+65E5", "at 7")),
        ("D'Haus \u8a9e ass grouss.", "D'Haus ass grouss.", ("1 in all", "U+8A9E", "at 8")),
        ("\u65e5 Moien \u65e5", "Moien", ("2 in all", "at 1", "at 9")),
    ],
)
def test_the_rest_of_a_text_is_read(
    frontend: Frontend, text: str, without: str, named: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(Unspeakable):
        frontend(text)
    read = read_with_gaps(frontend, text)
    assert (read.phonemes, read.text) == (frontend(without).phonemes, text)
    [record] = caplog.records
    assert all(part in record.getMessage() for part in named)


@pytest.mark.parametrize("text", ["Moien, d'Welt!", "2,50 \u20ac", "C'est l'été."])
def test_a_text_without_such_signs_is_read_as_it_is(
    frontend: Frontend, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert read_with_gaps(frontend, text) == frontend(text)
    assert not caplog.records


def test_nothing_but_such_signs_is_an_error(frontend: Frontend) -> None:
    with pytest.raises(WrongData, match="U\\+65E5"):
        read_with_gaps(frontend, "\u65e5")


def test_a_character_that_is_not_in_the_text_is_an_error() -> None:
    class Other:
        language, lost = "xx", ""

        def __call__(self, text: str) -> Phonemes:
            if "a" in text:
                raise unspeakable("\u65e5", text)
            return assemble(text, [Word("b", "b", "guess")])

        def save(self, folder: object) -> None: ...

    with pytest.raises(Unspeakable):
        read_with_gaps(Other(), "a")
    assert read_with_gaps(Other(), "b").phonemes == "b"
