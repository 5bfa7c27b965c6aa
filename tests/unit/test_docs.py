"""The documents are true to the repository: links, anchors, commands, options, settings and paths exist."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from fnmatch import fnmatchcase
from itertools import zip_longest
from pathlib import Path

import click
import pytest

from moien.cli import main
from moien.recipe.settings import ROOT, known_keys

LOG = ROOT / "docs" / "log"  # dated pages: their links must hold, their commands are those of their date
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "recipes").glob("*/*.md")])
USERS = [page for page in PAGES if LOG not in page.parents]
MAX_WORDS = 9000
TARGETS = set(re.findall(r"^([a-z0-9-]+):.*## ", (ROOT / "Makefile").read_text("utf-8"), re.M))
KEYS = set(known_keys())
SECTIONS = {key for key in KEYS if any(other.startswith(f"{key}.") for other in KEYS)}
PATHS = re.compile(r"(?:moien|steps|local|utils|tools|tests|docker)/[\w./*-]*[\w*]")


def subcommands() -> dict[str, click.Command]:
    """The commands of `moien` by name."""
    context = click.Context(main)
    found = {name: main.get_command(context, name) for name in main.list_commands(context)}
    return {name: command for name, command in found.items() if command}


def anchors(text: str) -> set[str]:
    """The anchors that GitHub gives the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", text, flags=re.S), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(page: Path, text: str) -> Iterator[str]:
    """Relative links whose file or anchor does not exist."""
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = page.parent / name if name else page
        if not file.exists():
            yield f"{target}: no such file"
        elif anchor and anchor not in anchors(text if file == page else file.read_text("utf-8")):
            yield f"{target}: no such anchor"


def code(text: str) -> Iterator[str]:
    """Every line of code and every inline piece of it; lines that end in a backslash are joined."""
    text = text.replace("\\\n", " ")
    for block in re.findall(r"```\w*\n(.*?)```", text, flags=re.S):
        yield from block.splitlines()
    text = re.sub(r"```.*?```", "", text, flags=re.S)
    yield from (line.strip() for line in re.findall(r"^ {4}\S.*$", text, flags=re.M))
    yield from (piece.replace("\n", " ") for piece in re.findall(r"`([^`]+)`", text))


def wrong_options(words: list[str], command: click.Command) -> Iterator[str]:
    """Options that a command of click does not have, and settings that do not exist."""
    known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    for word, after in zip_longest(words, words[1:], fillvalue=""):
        if re.match(r"--?[a-z]", word) and word not in known | {"--help"}:
            yield f"{command.name} has no option {word}"
        if word == "--set" and after.partition("=")[0] not in KEYS:
            yield f"no setting {after}"


def wrong_command(line: str) -> Iterator[str]:
    """What does not exist in one line of code."""
    line = re.sub(r"^(?:time |\w+=\S+ )+", "", line)
    if not re.match(r"make [a-z]|\./run\.sh|(\.venv/bin/)?moien [a-z]", line):
        return
    program, *words = shlex.split(line, comments=True)
    commands = subcommands()
    if program == "make":
        yield from (f"no target {word}" for word in words if "=" not in word and word not in TARGETS)
    elif program == "./run.sh":
        yield from wrong_options(words, commands["run"])
    elif words[0] not in commands:
        yield f"no command moien {words[0]}"
    else:
        yield from wrong_options(words[1:], commands[words[0]])


def untrue(text: str) -> Iterator[str]:
    """Commands, options, settings and paths in the code of a page that do not exist."""
    for line in code(text):
        yield from wrong_command(line)
        for path in PATHS.findall(line if " " not in line else ""):
            if not any(ROOT.glob(re.sub(r"\b[A-Z]+\b", "*", path))):  # ROOM, PROGRAM: any of them
                yield f"no path {path}"
        key = re.split(r"[=:]", line)[0]
        if re.fullmatch(r"[a-z0-9]+(\.[a-z0-9_*]+)+", key) and key.split(".")[0] in SECTIONS:
            inside = any(key.startswith(f"{known}.") for known in KEYS - SECTIONS)  # a key of a dictionary
            if not inside and not any(fnmatchcase(known, key) for known in KEYS):
                yield f"no setting {key}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_and_anchors_exist(page: Path) -> None:
    assert not list(broken_links(page, page.read_text("utf-8")))


@pytest.mark.parametrize("page", USERS, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_names_exists(page: Path) -> None:
    assert not list(untrue(page.read_text("utf-8")))


def test_users_need_not_read_more_than_a_short_book() -> None:
    """Bars and rules of tables are no words."""
    count = sum(bool(re.search(r"\w", word)) for page in USERS for word in page.read_text("utf-8").split())
    assert count <= MAX_WORDS, f"{count} words; experiments belong into docs/log"


def test_log_pages_are_dated_and_listed() -> None:
    pages = {page.name for page in LOG.glob("*.md")} - {"README.md"}
    assert pages
    assert not [name for name in pages if not re.match(r"\d{4}-\d\d-\d\d-[a-z0-9-]+\.md$", name)]
    assert pages == set(re.findall(r"\]\(([^)#]+)\)", (LOG / "README.md").read_text("utf-8")))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("`make demo`, `make RECIPE=lb bench-train`, `make nothing`", ["no target nothing"]),
        ("```bash\n./run.sh --recipe lb --nonsense  # --comment\n```", ["run has no option --nonsense"]),
        ("    ./run.sh --recipe lb \\\n      --set train.nothing=1", ["no setting train.nothing=1"]),
        ("`time moien g2p --explain 'Moien'` and `moien nothing`", ["no command moien nothing"]),
        (
            "`train.acoustic.lr=1`, `corpus.options.folder`, `base.nothing: hf`",
            ["no setting base.nothing"],
        ),
        ("`moien/*/settings.py`, `moien/ROOM/settings.py`, `moien/nothing.py`", ["no path moien/nothing.py"]),
    ],
)
def test_the_check_finds_what_is_wrong(text: str, found: list[str]) -> None:
    assert list(untrue(text)) == found


def test_the_check_finds_broken_links() -> None:
    text = "# A head: of `code`\n[a](#a-head-of-code) [b](nothing.md) [c](README.md#nothing) [d](https://x.org/y)"
    assert list(broken_links(ROOT / "CONTRIBUTING.md", text)) == [
        "nothing.md: no such file",
        "README.md#nothing: no such anchor",
    ]
