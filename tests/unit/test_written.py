"""A file of settings is read as it looks, or refused with its file and line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from moien.errors import WrongCall
from moien.recipe.settings import MAX_SEED, Settings, known_keys, load_settings
from moien.recipe.written import override
from moien.text import load_frontend
from moien.text.codes import OTHER_CODES
from moien.text.espeak import languages
from moien.text.settings import G2PSettings

HEAD = "language: de\n"
REFUSED = {
    "no colon": ("language de\n", ":1: this is one value, 'language de', not settings"),
    "a list": ("- language: de\n", ":1: this is a list, not settings"),
    "a number": ("42\n", ":1: this is one value, 42, not settings"),
    "empty": ("", ": language is missing"),
    "only a comment": ("# language: de\n", ": language is missing"),
    "a key without a value": ("seed: 1\nlanguage:\n", ":2: language is missing"),
    "latin-1": ("language: de\n# größer\n".encode("latin-1"), ":2: not UTF-8"),
    "UTF-16": ("language: de\n".encode("utf-16"), ":1: not UTF-8"),
    "a tab": (HEAD + "train:\n\tbf16: true\n", ":3: this is not YAML"),
    "a zero byte": (HEAD + "\0", ": this is not YAML"),
    "an escaped zero byte": (HEAD + 'corpus: {program: "a\\0b"}\n', ":2: a zero byte"),
    "an open bracket": (HEAD + "data: [\n", ":2: this is not YAML"),
    "brackets without end": ("[" * 5000, ": this is not YAML"),
    "itself inside": ("language: &a [*a]\n", ":1: this is not YAML"),
    "two documents": (HEAD + "---\nseed: 2\n", ":2: this is not YAML"),
    "code": ("language: !!python/name:os.system\n", ":1: this is not YAML"),
    "a key twice": (
        HEAD + "seed: 1\nlanguage: fr\n",
        ":3: this is not YAML: the key 'language' occurs twice",
    ),
    "a key twice below": (
        HEAD + "data:\n  min_rate: 8000\n  min_rate: 9000\n",
        ":4: this is not YAML: the key",
    ),
    "no": (
        "language: no\n",
        ':1: language = no: YAML reads it as False; quote it: language: "no" (in espeak-ng',
    ),
    "off": (
        "# Welsh\nlanguage: Off\n",
        ':2: language = Off: YAML reads it as False; quote it: language: "Off"',
    ),
    "yes": (HEAD + "corpus:\n  licence: yes\n", ":3: corpus.licence = yes: YAML reads it as True; quote it"),
    "a date": (
        HEAD + "corpus:\n  licence: 2024-01-31\n",
        ":3: corpus.licence = 2024-01-31: YAML reads it as",
    ),
    "an impossible date": (HEAD + "corpus: {licence: 2024-13-31}\n", ":2: this is not YAML: month must be"),
    "a version": (
        HEAD + "g2p:\n  symbols:\n    x: 1.0\n",
        ":4: g2p.symbols.x = 1.0: YAML reads it as 1.0; quote it",
    ),
    "no as a key": (
        HEAD + "g2p: {symbols: {no: n}}\n",
        ":2: this is not YAML: a key is not read as a text: quote it",
    ),
    "octal": (HEAD + "seed: 010\n", ":2: YAML reads 010 as 8"),
    "sixties": (HEAD + "system:\n  nj: 1:30\n", ":3: YAML reads 1:30 as 90"),
    "no for a program": (HEAD + "corpus:\n  options:\n    speaker: no\n", ":4: YAML reads no as False"),
    "zeros for a program": (HEAD + "corpus:\n  options: {speaker: 007}\n", ":3: YAML reads 007 as 7"),
    "1.10 for a program": (HEAD + "corpus:\n  options: {metadata: [1.10]}\n", ":3: YAML reads 1.10 as 1.1"),
    "an unknown key": (
        HEAD + "train:\n  acoustic:\n    lrr: 1\n",
        ":4: there is no setting 'train.acoustic.lrr'",
    ),
    "NaN": (HEAD + "max_dropped: .nan\n", ":2: max_dropped = nan: input should be a finite number"),
    "infinite": (
        HEAD + "data: {max_raw_seconds: .inf}\n",
        ":2: data.max_raw_seconds = inf: input should be a finite",
    ),
    "yes for a number": (HEAD + "seed: yes\n", ":2: seed = True: a number is needed"),
    "off for a share": (HEAD + "max_dropped: off\n", ":2: max_dropped = False: a number is needed"),
    "on for all cores": (HEAD + "system: {nj: on}\n", ":2: system.nj = True: a number is needed"),
    "a large seed": (
        HEAD + f"seed: {MAX_SEED + 1}\n",
        ":2: seed = 4294967296: input should be less than or equal",
    ),
    "a seed with an exponent": (HEAD + "seed: 1e20\n", ":2: seed = '1e20': input should be a valid integer"),
    "a section that is a number": (HEAD + "train: 7\n", ":2: train = 7: input should be"),
    "another name": (HEAD + "recipe: other\n", ":2: the folder of a recipe gives its name"),
    "another folder": (HEAD + "folder: /\n", ":2: the folder of a recipe gives its name"),
    "a file as folder": (
        HEAD + "system: {work_dir: /dev/null}\n",
        ":2: system.work_dir = '/dev/null': this is a file",
    ),
}


def written(folder: Path, text: str | bytes, *overrides: str) -> Settings:
    """The settings of a recipe with this file."""
    (folder / "params.yaml").write_bytes(text.encode() if isinstance(text, str) else text)
    return load_settings(folder, overrides)


@pytest.mark.parametrize(("text", "complaint"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_settings_is_refused_with_file_and_line(tmp_path, text, complaint):
    with pytest.raises(WrongCall) as error:
        written(tmp_path, text)
    assert str(error.value).startswith(f"{tmp_path / 'params.yaml'}{complaint}")
    assert error.value.exit_code == 2


def test_every_wrong_setting_is_named_at_once(tmp_path):
    with pytest.raises(WrongCall) as error:
        written(tmp_path, HEAD + "seed: -1\nmax_dropped: 2\n")
    assert re.findall(r":(\d): (\w+) = ", str(error.value)) == [("2", "seed"), ("3", "max_dropped")]


def test_what_looks_odd_is_read_as_it_looks(tmp_path):
    settings = written(
        tmp_path,
        "language: de\r\npreset:\ng2p:\ndata: {max_clipped: 1e-4}\nseed: 1_000\nmax_dropped: 0.50\n"
        'train: {check_labels: off}\ncorpus: {licence: "no", options: {a: true, b: 7, c: 2024-01-31, d: "007"}}\n',
    )
    assert settings.data.max_clipped == 1e-4 and settings.seed == 1000 and settings.max_dropped == 0.5
    assert not settings.train.check_labels and settings.corpus.licence == "no"
    assert {name: str(value) for name, value in settings.corpus.options.items()} == {
        "a": "True",
        "b": "7",
        "c": "2024-01-31",
        "d": "007",
    }


def test_a_byte_order_mark_is_no_character(tmp_path):
    assert written(tmp_path, HEAD.encode("utf-8-sig")).language == "de"


def test_an_override_is_refused_as_the_file_is(tmp_path):
    for wrong in (
        "language=no",
        "corpus.options.speaker=no",
        "seed=010",
        "recipe=..",
        "folder=/",
        "seed=1e20",
    ):
        with pytest.raises(WrongCall, match=f"--set {re.escape(wrong)}"):
            written(tmp_path, HEAD, wrong)
    assert written(tmp_path, "g2p:\n" + HEAD, "g2p.front_end=espeak").g2p.front_end == "espeak"


@pytest.mark.parametrize(
    "name", ["", ".", "..", "/", "a\nb", "\N{NO-BREAK SPACE}", "x" * 300, "mini/../..", "\udcff", "~"]
)
def test_a_name_without_a_recipe_is_a_wrong_call(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(WrongCall):
        load_settings(name)


@pytest.mark.parametrize("kind", ["a folder", "a broken link", "nothing"])
def test_a_folder_without_the_file_is_named(kind, tmp_path):
    file = tmp_path / "params.yaml"
    if kind == "a folder":
        file.mkdir()
    elif kind == "a broken link":
        file.symlink_to("gone.yaml")
    with pytest.raises(WrongCall, match=f"{re.escape(str(tmp_path))}.*there is no file params.yaml"):
        load_settings(tmp_path)


@given(st.text(st.characters(exclude_characters="\0"), min_size=1))
def test_any_text_can_be_a_setting(text):
    assert load_settings("mini", [override("corpus.options.folder", text)]).corpus.options["folder"] == text
    folder = f"/nowhere/{text}"
    assert load_settings("mini", [override("system.work_dir", folder)]).system.work_dir == Path(folder)


CODES = "no nb, nor nb, nn nb, zh cmn, zh-CN cmn, iw he, de-DE de, en_us en-US, jp ja, cz cs, gr el, lux lb, eng en"


@pytest.mark.parametrize("codes", CODES.split(", "))
def test_another_code_of_a_language_is_answered_by_that_of_espeak(codes):
    other, code = codes.split()
    with pytest.raises(WrongCall, match=f"no language '{other}'\n.* its code in espeak-ng is {code}$"):
        load_frontend(G2PSettings(), other)


def test_every_code_of_the_table_is_one_of_espeak():
    assert set(OTHER_CODES.values()) <= set(languages())
    assert not set(OTHER_CODES) & set(languages())


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.dates(),
    lambda below: (
        st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=3) | st.integers(), below, max_size=3)
    ),
    max_leaves=5,
)


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    return tmp_path_factory.mktemp("recipe")


def read_or_refused(recipe: Path, content: bytes, *overrides: str) -> None:
    try:
        written(recipe, content, *overrides)
    except WrongCall as error:
        assert str(recipe) in str(error) or "--set" in str(error)


@given(st.binary() | st.text().map(str.encode))
def test_any_bytes_are_settings_or_refused(recipe, content):
    read_or_refused(recipe, content)
    read_or_refused(recipe, HEAD.encode() + content)


@given(st.dictionaries(st.sampled_from(known_keys()), VALUES, max_size=4))
def test_any_values_of_any_keys_are_settings_or_refused(recipe, values):
    nested: dict[str, object] = {"language": "de"}
    for key, value in values.items():
        *parents, last = key.split(".")
        section = nested
        for parent in parents:
            below = section.setdefault(parent, {})
            section = below if isinstance(below, dict) else {}
        section[last] = value
    read_or_refused(recipe, yaml.safe_dump(nested).encode())


@given(st.sampled_from(known_keys()), st.text(st.characters(exclude_categories=["Cs"])))
def test_any_override_is_a_setting_or_refused(recipe, key, text):
    read_or_refused(recipe, HEAD.encode(), f"{key}={text}")
