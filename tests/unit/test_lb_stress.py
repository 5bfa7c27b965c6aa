from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moien.recipe.settings import ROOT
from moien.text.lb.notation import mend
from moien.text.lb.stress import NUCLEUS, PARTICLES, WEAK, compound, stress


@pytest.mark.parametrize(
    ("word", "phonemes", "stressed"),
    [
        ("land", "lɑnt", "lˈɑnt"),
        ("Verspillen", "fɐʃpilən", "fɐʃpˈilən"),  # ver-, be-, ge-, er-, zer-, ent- are not stressed
        ("bestallt", "bəʃtɑlt", "bəʃtˈɑlt"),
        ("entstoen", "æntʃtoːən", "æntʃtˈoːən"),
        ("ënnerscheed", "ənɐʃeːt", "ˈənɐʃeːt"),  # a spelt ë counts as a full vowel
        ("ugefaangen", "uɡəfaːŋən", "ˈuɡəfaːŋən"),  # the particle un-, its n gone
        ("studéieren", "ʃtudɜɪəʁən", "ʃtudˈɜɪəʁən"),
        ("demissioun", "demisjəʊn", "demisjˈəʊn"),
        ("qualitéit", "kɑlitɜɪt", "kɑlitˈɜɪt"),
        ("agent", "ɑʒænt", "ɑʒˈænt"),
        ("komponist", "komponist", "komponˈist"),
        ("bäckerei", "bækəʁɑɪ", "bækəʁˈɑɪ"),
        ("et", "ət", "ˈət"),
        ("x", "lˈɑnt", "lˈɑnt"),
        ("t", "t", "t"),
    ],
)
def test_stress_by_rule(word: str, phonemes: str, stressed: str) -> None:
    assert stress(word, phonemes) == stressed


def test_a_compound_has_one_primary_stress() -> None:
    assert compound(["hˈæːʊs", "dˈiːɐ"]) == "hˈæːʊsdˌiːɐ"
    assert compound(["fˈeːdəʁ", "ɑl", "ʃtˈaːt"]) == "fˈeːdəʁɑlʃtˌaːt"
    assert compound(["ɑn", "ət"]) == "ɑnət"


def test_particles_are_weak_words() -> None:
    assert PARTICLES < WEAK


@given(st.text("abdegéëilmnostuäx'-", max_size=12), st.text("ɑəɐiːuɜɪæʊtkdnʁʃˌ\u0303", max_size=60))
def test_one_vowel_gets_the_mark_and_nothing_else_changes(word: str, phonemes: str) -> None:
    said = stress(word, phonemes)
    assert said.replace("ˈ", "") == phonemes
    assert said.count("ˈ") == (NUCLEUS.search(phonemes) is not None)
    assert "ˈ" not in said or NUCLEUS.match(said, said.index("ˈ") + 1)
    assert stress(word, said) == said


def test_a_word_without_end_takes_linear_time() -> None:
    assert stress("a" * 500_000, "bɑ" * 250_000).startswith("bˈɑbɑ")


@pytest.mark.shared
def test_stress_agrees_with_the_official_dictionary(monkeypatch: pytest.MonkeyPatch) -> None:
    """Words of LOD official the weights were not learnt from: 90.2 %; 78.6 % by the rules that stood here before."""
    folders = filter(None, os.environ.get("MOIEN_MIRROR", "").split(":"))
    found = [file for folder in folders for file in Path(folder).rglob("lb_gold.json")]
    if not found:
        pytest.skip("needs lb_gold.json in MOIEN_MIRROR")
    monkeypatch.syspath_prepend(ROOT)
    from moien.text.lb.heldout import held_out

    right = total = 0
    for word, ipa in json.loads(found[0].read_text(encoding="utf-8")).items():
        if held_out(word) and ipa.count("ˈ") == 1:
            said = mend(ipa, word)[0]
            plain = said.replace("ˈ", "")
            if "ˈ" in said and len(NUCLEUS.findall(plain)) > 1:
                total += 1
                right += stress(word, plain) == said
    assert total > 2_400 and right / total > 0.89
