"""Pages of one file: every style, script, sound and picture is inside, and nothing else may be loaded."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

import jinja2

from moien.errors import WrongData

TEMPLATES = Path(__file__).parent / "templates"
MAX_BYTES = 15_000_000


def render(template: str, **facts: Any) -> str:
    """The HTML of a template; texts are escaped, a name that is not given is an error."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    script = (TEMPLATES / "page.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    return environment.get_template(template).render(script=script, script_digest=digest, **facts)


def write(path: Path, html: str, remedy: str) -> None:
    """Write a page; WrongData above 15 MB, which is too large for mail and for browsers on phones."""
    if (size := len(html.encode())) > MAX_BYTES:
        raise WrongData(f"the page would have {size / 1e6:.1f} MB", where=path, remedy=remedy)
    path.write_text(html, encoding="utf-8")
