"""The model card: what a voice is, how good, under which licence, and how to load it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2

from moien.report.table import markdown_table, verdict

TEMPLATES = Path(__file__).parent / "templates"


def model_card(
    recipe: str,
    language: str,
    licence: str,
    speakers: Sequence[str],
    scores: Mapping[str, Any],
    text: str,
    phonemes: str,
    targets: Sequence[str],
) -> str:
    """Markdown with the header that model hubs read.

    Args:
        scores: the content of `scores.json`.
        text, phonemes: an example sentence and its phonemes by the front end.
        targets: programs besides `kokoro` whose files are there.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    # Jinja's own would escape phonetic symbols and the quotes that belong to text.
    environment.filters["tojson"] = lambda value: json.dumps(value, ensure_ascii=False)
    return environment.get_template("card.md.j2").render(
        recipe=recipe,
        language=language,
        licence=licence,
        speakers=speakers,
        verdict=verdict(scores),
        table=markdown_table(scores),
        command=scores["command"],
        text=text,
        phonemes=phonemes,
        targets=targets,
    )
