"""Every command and program, given junk in each of its arguments and options: a line that says what is wrong."""

from __future__ import annotations

import importlib
import io
import socket
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest
from click.testing import CliRunner
from made_up import ROOT, recording

from moien import cli, text
from moien.audio import write_wav
from moien.kokoro import base
from moien.listen import server
from moien.recipe import runner, stages
from moien.score import folders
from moien.text.settings import G2PSettings
from moien.train import gpu_check, smoke

WORDS = [
    *(
        "",
        " ",
        "-",
        "--",
        "..",
        ".",
        "/",
        "~",
        "*",
        "nan",
        "inf",
        "-inf",
        "-1",
        "0",
        "1e20",
        "9" * 30,
        "1.5",
        "on",
        "no",
    ),
    *(
        "no such",
        "no\N{NO-BREAK SPACE}such",
        "line\nbreak",
        "\t",
        "it's",
        '"',
        "back\\slash",
        "{",
        "[",
        "a=",
        "=",
        "a=b",
    ),
    *(
        "seed=nan",
        "a.b.c=1",
        "\N{GRINNING FACE}",
        "e\u0301",
        "\udcff",
        "\u202e",
        "x" * 300,
        "x/" * 2000,
        "%s",
        "$HOME",
        "|",
        "#",
    ),
]
FILES: dict[str, bytes] = {
    "empty": b"",
    "blank": b"\n \n\r\n",
    "latin1": "Grüße|aus Köln\n".encode("latin-1"),
    "utf16": "id|text\na|b\n".encode("utf-16"),
    "binary": bytes(np.random.default_rng(0).integers(0, 256, 5000, np.uint8)),
    "zeros": bytes(5000),
    "number.json": b"1",
    "list.json": b"[1, [], {}]",
    "object.json": b'{"a": {"b": [null, "c"]}}',
    "half.json": b'{"a": ',
    "settings.yaml": b"language: de\nseed: 1\n",
    "text.csv": b"a|b|c|d|e|f\n|||||\n\n",
    "one.txt": b"Moien.",
    "tab.tsv": b"a\tb\nc\n",
    "text.parquet": b"PAR1 404: not found PAR1",
    "weights.pth": b"PK\x03\x04 404",
    "text.wav": b"RIFF\xff\xff\xff\xffWAVE",
    "long.txt": b"x" * 2000,
}


class Reached(Exception):
    """The work began: nothing in the call was wrong."""


def stop(*_: object, **__: object) -> Any:
    raise Reached


class Nothing(io.BytesIO):
    """An empty standard input."""

    name = "<stdin>"


class Stop:
    """A function, or a module, that ends the call."""

    __call__ = stop
    __getattr__ = stop


PROGRAMS = sorted(
    str(path.relative_to(ROOT))
    for part in ("local", "utils", "tools", "steps")
    for path in (ROOT / part).glob("*.py")
)
STOPPED = {  # what of a program takes long, or writes into the checkout
    "tools/bench_g2p.py": "load_lexicon",
    "tools/train_g2p.py": "read_layers",
    "tools/score_g2p.py": "read_layers",
    "tools/train_stress.py": "train",
    "tools/check_scores.py": "subjects",
    "local/marylux.py": "from_github",
    "local/espeak_corpus.py": "multiprocessing",
}


def commands() -> Iterator[Any]:
    """All of `moien`, and all programs."""
    for name, command in cli.main.commands.items():
        yield pytest.param(cli.main, [name], command, id=f"moien {name}")
    for name in PROGRAMS:
        yield pytest.param(name, [], None, id=name)


@pytest.fixture(scope="module")
def junk(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Words, files, and folders of files."""
    here = tmp_path_factory.mktemp("junk")
    for name, content in FILES.items():
        (here / name).write_bytes(content)
    (here / "folder").mkdir()
    (here / "broken link").symlink_to("gone")
    (here / "itself").symlink_to("itself")
    speech = here / "speech"
    speech.mkdir()
    for name in ("a", "b"):
        write_wav(speech / f"{name}.wav", recording(0.5), 24_000)
    for name in (
        "metadata.csv",
        "validated.tsv",
        "utt2spk",
        "x.TextGrid",
        "a.wav",
        "scores.json",
        "params.yaml",
        "x.parquet",
    ):
        for kind in ("empty", "binary", "object.json", "text.csv"):
            folder = here / f"{name} {kind}"
            folder.mkdir()
            (folder / name).write_bytes(FILES[kind])
    return [*WORDS, *(str(path) for path in sorted(here.iterdir()))]


@pytest.fixture(scope="module", autouse=True)
def untouched() -> Iterator[None]:
    """No call changes a file of the project."""

    def files() -> dict[Path, tuple[int, int]]:
        parts = ("moien", "docs", "recipes", "local", "utils", "tools", "steps")
        found = (path for part in parts for path in (ROOT / part).rglob("*") if path.suffix != ".pyc")
        return {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in found if path.is_file()}

    before = files()
    yield
    assert files() == before


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No network, no process, no long work; a front end of each language is loaded once."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MOIEN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("MOIEN_MIRROR", "")
    for module, name in (
        (socket.socket, "connect"),
        (socket, "create_connection"),
        (subprocess, "Popen"),
        (runner, "run"),
        (stages, "execute"),
        (folders, "find_problems"),
        (server, "Server"),
        (smoke, "smoke"),
        (gpu_check, "measured"),
    ):
        monkeypatch.setattr(module, name, stop)
    monkeypatch.setattr(base, "_SOURCES", {name: (name, stop) for name in base._SOURCES})
    load = text.load_frontend
    loaded: dict[str, Any] = {}

    def load_once(settings: G2PSettings, language: str, corrections: Path | None = None) -> Any:
        if corrections:
            return load(settings, language, corrections)
        if language not in loaded:
            loaded[language] = load(settings, language)
        return loaded[language]

    monkeypatch.setattr(text, "load_frontend", load_once)


def calls(command: click.Command, junk: list[str]) -> Iterator[list[str]]:
    """Arguments for a command: junk in one parameter, and something plausible where another is required."""
    folder = next(name for name in junk if name.endswith("/speech"))
    plausible: dict[click.Parameter, list[str]] = {}
    for parameter in command.params:
        value = folder if "folder" in parameter.type.name or "dir" in parameter.type.name else "out"
        if parameter.required:
            plausible[parameter] = (
                [parameter.opts[0], value] if isinstance(parameter, click.Option) else [value]
            )
    for chosen in command.params:
        # of all front ends that of espeak-ng is the fastest to open
        fast = (
            ["--language=de"]
            if any("--language" in p.opts and p is not chosen for p in command.params)
            else []
        )
        rest = fast + [
            word for parameter, words in plausible.items() if parameter is not chosen for word in words
        ]
        for word in junk:
            if not isinstance(chosen, click.Option):
                yield [*rest, "--", word] if word.startswith("-") else [*rest, word]
            elif chosen.is_flag:
                yield [*rest, chosen.opts[0], word]
            else:
                yield [
                    *rest,
                    f"{chosen.opts[0]}={word}" if chosen.opts[0].startswith("--") else chosen.opts[0] + word,
                ]


@pytest.mark.parametrize(("program", "before", "command"), commands())
def test_junk_is_refused_in_a_line(program, before, command, junk, offline, monkeypatch):
    if command is None:
        module = importlib.import_module(program.removesuffix(".py").replace("/", "."))
        if name := STOPPED.get(program):
            monkeypatch.setattr(module, name, Stop())
        command = program = module.main
    check_all(program, ([*before, *arguments] for arguments in calls(command, junk)))


OUTPUTS = """
data/mini/manifest.json data/mini/test/utt2spk data/mini/test/text dump/mini/g2p/manifest.json
dump/mini/g2p/frontend/frontend.json dump/mini/g2p/test.jsonl dump/mini/align/manifest.json
dump/mini/align/train.jsonl dump/mini/features/manifest.json dump/mini/embedding/manifest.json
exp/mini/train/manifest.json exp/mini/train/model.pth exp/mini/train/config.json exp/mini/train/voices/a.pt
exp/mini/decode/manifest.json exp/mini/decode/index.jsonl exp/mini/score/manifest.json exp/mini/score/scores.json
exp/mini/score/utterances.jsonl
""".split()


@pytest.mark.parametrize("kind", FILES)
def test_outputs_that_are_junk_are_refused_in_a_line(kind, offline, tmp_path):
    for name in OUTPUTS:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(FILES[kind])
    work = ["--set", f"system.work_dir={tmp_path}"]
    each = [["run", "--stage", str(n), "--stop-stage", str(n), "--dry-run", *work] for n in range(10)]
    check_all(
        cli.main,
        [
            ["run", "--list", *work],
            *each,
            ["say", "Moien.", "--recipe", "mini", *work],
            ["compare", "exp/mini", "exp/mini"],
            ["compare", "exp/mini/score/scores.json", "exp/mini"],
            ["inspect", "exp/mini/train"],
            ["inspect", "exp/mini/train/model.pth"],
            ["inspect", "exp/mini/train/voices/a.pt"],
            ["listen", "--results", "--db", "exp/mini/score/scores.json"],
        ],
    )


def check_all(program: click.Command, all_arguments: Iterable[list[str]]) -> None:
    """Make each call; AssertionError names the tracebacks, and the exit codes that are not 0, 1 or 2 with a line."""
    faults = {}
    for arguments in all_arguments:
        result = CliRunner().invoke(program, arguments, input=Nothing())
        error = result.exception
        said = any(word in result.stderr for word in ("error: ", "Error: ", "Usage: "))
        if isinstance(error, Reached) or (error is None and result.exit_code == 0):
            continue
        if not isinstance(error, SystemExit):
            where = error.__traceback__
            while where.tb_next:
                where = where.tb_next
            key = f"{type(error).__name__} {where.tb_frame.f_code.co_filename}:{where.tb_lineno}: {str(error)[:100]}"
        elif (
            result.exit_code not in (0, 1, 2)
            or (result.exit_code and not said)
            or "Traceback" in result.output
        ):
            key = f"exit {result.exit_code}: {result.output[:200]!r}"
        else:
            continue
        faults.setdefault(key.replace(str(ROOT) + "/", ""), [repr(a)[:120] for a in arguments])
    assert not faults, "\n".join(f"{key}\n    {' '.join(arguments)}" for key, arguments in faults.items())
