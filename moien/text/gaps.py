"""Reading a text for speech: a sign that cannot be spoken is left out with a warning, so that the rest is spoken.

In training data such a sign is an error, because the recording may have a sound for it: there the front end itself
is called.
"""

from __future__ import annotations

import logging
from dataclasses import replace

from moien.errors import WrongData
from moien.text import Frontend, Phonemes
from moien.text.words import Unspeakable, character_name

NAMED = 5  # signs that the warning names with their places; the others are counted


def read_with_gaps(frontend: Frontend, text: str) -> Phonemes:
    """Phonemes of a text without the signs that cannot be spoken; WrongData if nothing is left.

    A warning gives their number, their names and their places (1 is the first character).
    """
    places: list[int] = []
    rest, first = text, None
    while True:
        try:
            phonemes = frontend(rest)
            break
        except Unspeakable as error:
            first = first or error
            unknown = {*error.characters, *error.characters.upper(), *error.characters.lower()}
            found = [place for place, character in enumerate(rest) if character in unknown]
            if not found:  # the front end has another form of the character than the text
                raise
            places += found
            rest = "".join(" " if character in unknown else character for character in rest)
        except WrongData as error:  # nothing is left
            raise first or error from None
    if places:
        places.sort()
        named = ", ".join(f"{character_name(text[place])} at {place + 1}" for place in places[:NAMED])
        logging.getLogger(__name__).warning(
            "signs that cannot be spoken are left out, %d in all: %s%s",
            len(places),
            named,
            ", …" if len(places) > NAMED else "",
        )
    return replace(phonemes, text=text)
