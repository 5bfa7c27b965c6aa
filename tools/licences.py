"""The licences of all packages of the environment and of each recipe's data.

    tools/licences.py --sbom sbom.json    # also a bill of materials in CycloneDX's format, as the image has one

Exit code 1 if a package has a licence that is neither permissive nor listed here with how it is used: Moien itself is
Apache-2.0, installs these packages and contains none of them; an image contains all of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import click
import yaml

from moien import __version__
from moien.corpus.readers import program
from moien.errors import WrongData
from moien.recipe.settings import ROOT

PERMISSIVE = re.compile(
    r"\b(0?BSD|MIT|Apache|ISC|Zlib|PSF|Python Software Foundation|MPL|Mozilla Public|Unlicense|CC0|CNRI|HPND|Zope)",
    re.I,
)
NVIDIA = (
    "NVIDIA's CUDA libraries, which torch's wheels bring: free to use and to redistribute with an application"
)
USED = {
    "espeakng-loader": "GPL-3.0, espeak-ng as a shared library that the process loads: the front end of other "
    "languages, the corpus of `mini`. Whoever redistributes it with Moien (an image) must offer its source; `lb` "
    "speaks without it",
    "phonemizer-fork": "GPL-3.0, a dependency of kokoro that Moien does not import",
    "num2words": "LGPL, a dependency of kokoro that Moien does not import",
    "asyncssh": "EPL-2.0 (the other choice is GPL-2.0), a dependency of dvc",
    "grandalf": "GPL-2.0, a dependency of dvc, a program that Moien starts",
    "pygit2": "GPL-2.0 with a linking exception, a dependency of dvc",
    "soxr": "LGPL-2.1, resampling: a library of its own that can be replaced",
    "cuda-toolkit": NVIDIA,
}
METADATA_LACKS = {"pyworld-prebuilt": "MIT (pyworld), modified BSD (WORLD)"}


def licence(package: Distribution) -> str:
    """What the package's metadata states, in one line."""

    def stated(key: str) -> list[str]:
        return list(package.metadata.get_all(key) or [])

    classified = [row.rpartition(" :: ")[2] for row in stated("Classifier") if row.startswith("License ::")]
    named = [row for row in classified if row != "OSI Approved"]
    first_lines = [row.strip().partition("\n")[0] for row in stated("License")]
    found = "; ".join(stated("License-Expression") or named or first_lines)
    return METADATA_LACKS.get(package.name, found or "none stated")


def locked() -> Iterator[Distribution]:
    """The installed packages of requirements.txt."""
    for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines():
        if (name := re.match(r"[\w.-]+", line)) and "==" in line:
            try:
                yield distribution(name[0])
            except PackageNotFoundError:  # of another version of Python
                click.echo(f"{name[0]}: not installed here", err=True)


def use(name: str) -> str:
    """How a package that is not permissive is used; "" if `USED` has no entry."""
    return USED.get(name, NVIDIA if name.startswith("nvidia-") else "")


def corpora() -> Iterator[tuple[str, str]]:
    """Recipe and licence of its recordings."""
    for file in sorted((ROOT / "recipes").glob("*/params.yaml")):
        settings = yaml.safe_load(file.read_text(encoding="utf-8"))
        yield file.parent.name, settings.get("corpus", {}).get("licence", "")


def bill(packages: Iterable[Distribution]) -> dict[str, Any]:
    """The packages as CycloneDX 1.6 lists them: https://cyclonedx.org/docs/1.6/json/"""
    components = [
        {
            "type": "library",
            "name": package.name,
            "version": package.version,
            "purl": f"pkg:pypi/{package.name.lower().replace('_', '-')}@{package.version}",
            "licenses": [{"license": {"name": licence(package)}}],
        }
        for package in packages
    ]
    subject = {"type": "application", "name": "moien", "version": __version__}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "metadata": {"component": subject},
        "components": components,
    }


@program
@click.option(
    "--sbom", type=click.Path(path_type=Path), help="Write a bill of materials (CycloneDX, JSON) as well."
)
def main(sbom: Path | None) -> None:
    """Print the tables; fail on what has no entry here."""
    unknown, packages = [], list(locked())
    if sbom:
        sbom.write_text(json.dumps(bill(packages), indent=1) + "\n", encoding="utf-8")
    for package in packages:
        stated = licence(package)
        choice = "GPL" not in stated or " OR " in stated
        fine = choice and PERMISSIVE.search(stated) is not None
        how = "" if fine and package.name not in USED else use(package.name)
        click.echo("\t".join(filter(None, (package.name, package.version, stated, how))))
        if not fine and not how:
            unknown.append(f"{package.name} ({stated})")
    for recipe, stated in corpora():
        click.echo(f"recipe {recipe}\t{stated or 'none stated'}")
        if not stated:
            unknown.append(f"recipe {recipe} (corpus.licence is missing)")
    if unknown:
        remedy = (
            f"look at how it is used and redistributed, then add it to {Path(__file__).relative_to(ROOT)}"
        )
        raise WrongData(f"licences that nobody looked at: {', '.join(unknown)}", remedy=remedy)


if __name__ == "__main__":
    main()
