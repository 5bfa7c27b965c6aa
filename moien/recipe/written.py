"""Settings as they are written: YAML with the place of each key, and nothing that YAML reads as another value.

YAML 1.1 reads the plain word `no` as false, 010 as 8 and 1:30 as 90, and of a key that occurs twice it keeps the last.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from moien.corpus.datadir import read_lines
from moien.errors import WrongCall, WrongData

_TAG = "tag:yaml.org,2002:"
PASSED_ON = "corpus.options."  # to a program, as text


class Source(NamedTuple):
    """Where a value is written (`file:line`, or an option), and how: "" for a mapping or a list."""

    place: str
    text: str


@dataclass(frozen=True)
class Written:
    """A value, and the source of each of its keys, which are dotted: `train.prosody.lr`."""

    value: Any
    sources: dict[str, Source]


def read_settings(file: Path) -> Written:
    """The mapping in a file of settings; WrongCall with `file:line` for anything else."""
    try:
        text = "\n".join(read_lines(file))
    except WrongData as error:
        raise WrongCall(error.message, error.where, error.remedy) from None
    except OSError as error:
        raise WrongCall(f"cannot be read: {error.strerror}", file) from None
    found = parse(text, str(file))
    if not isinstance(found.value, dict):
        kind = "a list" if isinstance(found.value, list) else f"one value, {found.value!r}"
        remedy = "write a line `key: value` for each setting, for example `language: de`"
        raise WrongCall(f"this is {kind}, not settings", found.sources[""].place, remedy)
    return found


def parse(text: str, place: str, key: str = "") -> Written:
    """The YAML in `text`, {} if it is empty; `key` is what it is the value of.

    Args:
        place: a file, whose lines are then counted, or an option, with a `key`.

    Raises:
        WrongCall: no YAML, a key twice, or a value that YAML reads as another.
    """
    line = ""
    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        if node is None:
            return Written({}, {key: Source(place, "")})
        sources = {}
        for name, part in _parts(node, key):
            line = "" if key else f":{part.start_mark.line + 1}"
            scalar = part if isinstance(part, yaml.ScalarNode) else None
            source = sources[name] = Source(f"{place}{line}", scalar.value if scalar else "")
            if "\0" in source.text:
                raise WrongCall("a zero byte cannot be in a name or a text", source.place)
            if scalar and scalar.style is None and (read := _other(loader, scalar, name)):
                remedy = f'quote it: "{source.text}"' + (
                    ", or write true or false" * isinstance(read[0], bool)
                )
                raise WrongCall(f"YAML reads {source.text} as {read[0]!r}", source.place, remedy)
        return Written(loader.construct_document(node), sources)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f":{mark.line + 1}" if mark and not key else ""
        raise WrongCall(f"this is not YAML: {error.problem or error.context}", f"{place}{line}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # also an impossible date
        raise WrongCall(f"this is not YAML: {' '.join(str(error).split())}", f"{place}{line}") from None


def override(key: str, value: str) -> str:
    """`KEY=VALUE` for `--set`, of a text with any characters: quotes, backslashes, line breaks …"""
    text: str = yaml.safe_dump(value, default_style='"', width=sys.maxsize)
    return f"{key}={text.strip()}"


def _parts(node: yaml.Node, key: str) -> Iterator[tuple[str, yaml.Node]]:
    """Every key and its value, of all depths; YAMLError for a key that is no text, or occurs twice."""
    yield key, node
    if isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            yield from _parts(item, f"{key}.{number}")
    elif isinstance(node, yaml.MappingNode):
        seen = set()
        for name, value in node.value:
            if name.tag not in (_TAG + "str", _TAG + "merge"):
                problem = "a key is not read as a text: quote it"
            elif name.value in seen:
                problem = f"the key {name.value!r} occurs twice"
            else:
                seen.add(name.value)
                yield from _parts(value, f"{key}.{name.value}".strip("."))
                continue
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=name.start_mark)


def _other(loader: yaml.SafeLoader, node: yaml.ScalarNode, key: str) -> tuple[Any] | None:
    """The value of a plain scalar that YAML reads as another than it looks."""
    kind, text = node.tag.removeprefix(_TAG), node.value
    if kind not in ("int", "float", "bool", "timestamp"):
        return None
    value = loader.construct_object(node)
    if key.startswith(PASSED_ON):  # 1.10 must not become 1.1, nor `no` a switch
        same = text.lower() == str(value).lower()
    elif kind == "int":
        same = text.replace("_", "").lstrip("+") == str(value)
    else:
        same = kind != "float" or ":" not in text
    return None if same else (value,)
