"""Settings of stage 2, g2p."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from moien.section import Section


class PhonologySettings(Section):
    """Sentence phonology of the front end for Luxembourgish: one switch for each rule, in the order of their use.

    All are on, because a voice learns best from what was spoken; switch one off to hear or measure what it does.
    """

    stress: bool = Field(
        True, description="ˈ on one vowel of each content word and on the particle of a verb at the end of a phrase, "
        "none on articles, pronouns, prepositions and the like: so the base was taught English.")  # fmt: skip
    weak_forms: bool = Field(
        True, description="The short form of sech, ech, et, si, du, zu, wou where they have no stress and a word "
        "follows: in MFA's recordings it is more frequent than the full form that a lexicon gives.")  # fmt: skip
    final_devoicing: bool = Field(
        True, description="b d ɡ v z ʒ ʁ at the end of a word become p t k f s ʃ χ: the lexica write it so, words that "
        "were put together may not.")  # fmt: skip
    r_vocalisation: bool = Field(
        True, description="r after a long close or mid vowel, a diphthong or ə, with no vowel after it, becomes ɐ; in "
        "words that no lexicon has, because the lexica write it so.")  # fmt: skip
    r_fricative: bool = Field(
        True, description="r between a short vowel or aː and a voiceless consonant is χ (Sport): LOD writes r and MFA "
        "either, and one sound should have one symbol.")  # fmt: skip
    clitics: bool = Field(
        True, description="d' and s' take the voicing of the sound that follows: dlɑnt, but tkʁæːɪʦ."
    )
    linking: bool = Field(
        True, description="Obstruents at the end of a word are voiced before a vowel if no pause lies between: "
        "sech eens zəʒ ˈeːns.")  # fmt: skip
    pauses: bool = Field(
        True, description="Of several pause marks in a row the strongest stays: the base has seen one."
    )


class G2PSettings(Section):
    """Stage 2."""

    front_end: Literal["auto", "espeak"] = Field(
        "auto", description="auto: the language's own front end where there is one (lb), else espeak-ng's rules; "
        "espeak: those rules in any case, to compare.")  # fmt: skip
    symbols: dict[str, str] = Field(
        default_factory=dict, description="How to write sounds of espeak-ng that Kokoro has no symbol for, e.g. "
        "{ɬ: l}; empty, because the common ones are built in and a wrong guess is worse than an error.")  # fmt: skip
    phonology: PhonologySettings = PhonologySettings()  # type: ignore[call-arg]
