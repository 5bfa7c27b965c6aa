"""The checkout that this code is of. An environment may serve several, but a run must not mix them."""

from __future__ import annotations

from pathlib import Path

from moien.errors import WrongCall

ROOT = Path(__file__).resolve().parents[1]  # recipes/, steps/ and local/ lie beside moien/


def refuse_another(folder: Path) -> None:
    """WrongCall if `folder` is another checkout than the one whose code runs."""
    folder = folder.resolve()
    if folder != ROOT and (folder / "moien" / "recipe" / "stages.py").is_file():
        raise WrongCall(
            f"this is a checkout, but the code that runs is of {ROOT}",
            where=folder,
            remedy=f"./run.sh uses its own code; for other commands: export PYTHONPATH={folder}",
        )
