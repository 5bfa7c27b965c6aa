"""Files are written whole, under names of their own; what only one process may write is locked."""

from __future__ import annotations

import ast
import json
import multiprocessing
import os
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from moien.files import A_DAY_S, locked, written_whole
from moien.recipe.settings import ROOT
from moien.score import cache
from moien.text.lb.layers import Layer
from moien.text.lb.lexicon import Lexicon

WRITES = 200


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    target = tmp_path / "new" / "file.txt"
    with written_whole(target) as part:
        part.write_text("old")
    with pytest.raises(OSError, match="full"), written_whole(target) as part:
        part.write_text("ne")
        raise OSError("the disk is full")
    assert target.read_text() == "old"
    assert list(target.parent.iterdir()) == [target]


def test_what_a_killed_process_left_goes_after_a_day_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "file [1].txt"
    old, young, other = (
        tmp_path / f".{digit * 32}.{target.name}" for digit in "abg"
    )  # g is no digit of ours
    for left, age in ((old, A_DAY_S + 60), (young, 0), (other, A_DAY_S + 60)):
        left.write_text("half")
        os.utime(left, (time.time() - age,) * 2)
    with written_whole(target) as part:
        part.write_text("whole")
    assert set(tmp_path.iterdir()) == {target, young, other}


def put(number: int) -> Path:
    cache.put("00" + "a" * 62, {"values": [number] * 1000})
    return cache._file("00" + "a" * 62)


def build(number: int) -> Path:
    layer = Layer("correction", {f"word{i}": f"mˈoi{'ə' * number}n" for i in range(100)})
    return Lexicon.build([layer], cache.cache_dir() / "lb.bin").file


def read_put(file: Path) -> None:
    assert len(set(json.loads(file.read_text())["values"])) == 1


def read_build(file: Path) -> None:
    assert len({entry.phonemes for _, entry in Lexicon.open(file)}) == 1


@pytest.mark.parametrize(("write", "read"), [(put, read_put), (build, read_build)])
def test_two_processes_write_one_target_and_each_reader_sees_a_whole_file(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    write: Callable[[int], Path],
    read: Callable[[Path], None],
) -> None:
    monkeypatch.setenv("MOIEN_CACHE", str(tmp_path))
    fork = multiprocessing.get_context("fork")
    start = fork.Barrier(2)

    def again_and_again(number: int) -> None:
        start.wait()
        for _ in range(WRITES):
            read(write(number))

    processes = [fork.Process(target=again_and_again, args=(number,)) for number in (1, 2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]
    assert not [path for path in tmp_path.rglob(".*") if path.is_file()]


def test_a_lock_is_held_by_one_and_free_after_its_holder_died(tmp_path: Path) -> None:
    file = tmp_path / "new" / ".lock"
    fork = multiprocessing.get_context("fork")
    holds, end = fork.Event(), fork.Event()

    def hold() -> None:
        with locked(file):
            holds.set()
            end.wait()

    process = fork.Process(target=hold)
    process.start()
    assert holds.wait(60)
    with locked(file, wait=False) as held:
        assert not held
    process.kill()
    process.join()
    with locked(file) as held:
        assert held


# Whole folders, each under a lock: the output of a stage, and the base model.
UNDER_A_LOCK = {
    ("moien/recipe/stages.py", "temporary"),
    ("moien/kokoro/base.py", "ensure_base"),
    ("moien/conform/runtimes.py", "environment"),
}
FIXED = re.compile(r"\.(part|partial|tmp|temp)\b")
OF_A_PROCESS = {"id", "os.getpid"}  # two processes may have the same; so may a process after a reboot


def fixed_names(path: Path) -> set[str]:
    """The functions of a module that make a temporary name which another process can make, too."""
    found = set()

    def visit(node: ast.AST, function: str) -> None:
        if isinstance(node, ast.FunctionDef):
            function = node.name
        text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
        if FIXED.search(text) and len(text) < 40 and " " not in text:
            found.add(function)
        call = node.value if isinstance(node, ast.FormattedValue) else None
        if isinstance(call, ast.Call) and ast.unparse(call.func) in OF_A_PROCESS:
            found.add(function)
        for child in ast.iter_child_nodes(node):
            visit(child, function)

    visit(ast.parse(path.read_text(encoding="utf-8")), "")
    return found


def test_no_temporary_name_can_be_shared() -> None:
    found = set()
    for folder in ("moien", "steps", "local", "tools", "utils"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            found |= {(path.relative_to(ROOT).as_posix(), function) for function in fixed_names(path)}
    assert found == UNDER_A_LOCK, "write with moien.files.written_whole, or hold moien.files.locked"


def test_the_search_for_fixed_names_finds_each_kind(tmp_path: Path) -> None:
    kinds = {
        "fixed": 'path.with_suffix(".part")',
        "joined": 'folder / (NAME + ".partial")',
        "formatted": 'f".{name}.tmp"',
        "of_an_object": 'path.with_suffix(f".{id(tensors)}.x")',
        "of_a_process": 'f".x-{os.getpid()}-{name}"',
    }
    file = tmp_path / "module.py"
    file.write_text("".join(f"def {name}():\n    return {text}\n" for name, text in kinds.items()))
    assert fixed_names(file) == kinds.keys()
    file.write_text('def whole():\n    """Not of a `.part` file."""\n    return path.with_suffix(".lock")\n')
    assert not fixed_names(file)
