"""Which full stops end a sentence: `|` marks those that do."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moien.text.stops import inner_stops
from moien.text.words import clean, tokenise


def ends(text: str, language: str = "en") -> str:
    """The text with `|` behind every full stop that is a pause."""
    inner = inner_stops(text, language, lambda roman: language == "hu")
    return "".join(
        "." if c == "." and (i in inner or re.match("-?[^\\W_]", text[i + 1 :])) else ".|" if c == "." else c
        for i, c in enumerate(text)
    )


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("nb", "Den 1. mai er fri.|"),
        ("nb", "Den 1., 2. og 3. mai.|"),
        ("nb", "I 1999.| Det var.|"),
        ("nb", "Han er 3.|"),
        ("nb", "Det er f.eks. bl.a. to.|"),
        ("nb", "Se kap. 3 og s. 12.|"),
        ("de", "Ludwig XIV. regierte.|"),
        ("de", "Am 3. Mai im 19. Jahrhundert.|"),
        ("de", "Im Jahr 1999.| Dann kam er.|"),
        ("de", "Es sind 5 km.| Dann kam er.|"),
        ("de", "Er kam z.B. mit Dr. Müller usw.| Dann ging er.|"),
        ("de", "Das bzw. dies, etc., usw.|"),
        ("de", "Vom 1.–3. Mai.|"),
        ("hu", "XIV. Lajos itt van.| Az 1. nap.|"),
        ("en", "Mr. and Mrs. Smith met St. John.| They left.|"),
        ("en", "J. R. R. Tolkien in the U.S. Army.|"),
        ("en", "It was 5 p.m.| Then it was I.| Look at Fig. 3 on p. 5.|"),
        ("en", "Henry IV.| Then.|"),
        ("en", "The BBC.| The end.|"),
        ("fr", "M. Dupont et Mme. Dupont, p.ex. ici.|"),
        ("es", "El Sr. García y los EE. UU. son.|"),
        ("cs", "Tj. smrt.| Dále č. 5, např. to.|"),
        ("ru", "В г. Москва на ул. Ленина.|"),
        ("nl", "Hij kwam.| 's Avonds bijv. niet.|"),
        ("de", "Es kostet 5 Mio. Euro in der Hauptstr. 5.| Vgl. Abb. 3.|"),
        ("de", "Er kam am 3.5.| Dann am 03.05. um acht.|"),
        ("fr", "En 44 av. J.-C. Rome et J.-P. Sartre.|"),
        ("hu", "Alma, körte stb.| Az kb. 5.| Ez dr. Kovács.|"),
        ("ru", "Мир, труд и др.| Потом и т.д.| Вот.|"),
        ("en", "She has a PhD.| It is Ph.D. Smith, not Lt. Col. Smith.|"),
        ("nl", "de heer drs. Jansen op blz. 5, bijv. dit.|"),
        ("fr", "des livres etc. et puis.|"),
        ("de", "Es war das Jahr 5.| 2000 kam er.|"),
        ("de", "das haus.| es war alt.|"),  # a writer without capitals
    ],
)
def test_full_stops_that_are_no_pause(language: str, text: str) -> None:
    assert ends(text.replace("|", ""), language) == text


@given(st.text("aB1. ,IX-—\n'ä", max_size=40))
def test_no_stop_is_lost(text: str) -> None:
    text = clean(text)
    inner = inner_stops(text, "de", lambda roman: True)
    assert all(text[place] == "." and place + 1 < len(text) for place in inner)
    tokens = [*tokenise(text, inner)]
    assert sum(token.count(".") for _, token in tokens) == text.count(".")
