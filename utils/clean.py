"""Remove what the stages of RECIPE, a name of a folder in recipes/, wrote. Files that no stage wrote stay."""

from __future__ import annotations

import click

from moien.checkout import ROOT
from moien.corpus.readers import program
from moien.errors import WrongCall


@program
@click.argument("recipe")
def main(recipe: str) -> None:
    """Remove the outputs of one recipe."""
    from moien.recipe.clean import clean
    from moien.recipe.settings import load_settings

    if recipe not in {path.parent.name for path in (ROOT / "recipes").glob("*/params.yaml")}:
        raise WrongCall(f"{recipe!r} is not the name of a recipe", remedy="make clean RECIPE=mini")
    for folder in clean(load_settings(recipe)):
        click.echo(f"kept {folder}: it has files that no stage wrote")
    click.echo(f"removed what the stages of {recipe} wrote")


if __name__ == "__main__":
    main()
