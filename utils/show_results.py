"""Print the scores that stage 8 wrote: natural, stock and trained side by side.

With --write, also write the table, the verdict and the command of the scores into recipes/R/README.md.
"""

from __future__ import annotations

from pathlib import Path

import click

from moien.corpus.readers import program
from moien.errors import WrongCall, WrongData

BEGIN, END = "<!-- scores: utils/show_results.py writes from here -->", "<!-- scores: to here -->"


@program
@click.argument("results", nargs=-1, metavar="[RECIPE|SCORES.JSON]…")
@click.option("--write", is_flag=True, help="Write the table into the README.md of each recipe.")
def main(results: tuple[str, ...], write: bool) -> None:
    """Print each of the recipes; by default all recipes of this checkout that have scores."""
    from rich.console import Console

    from moien.recipe.settings import ROOT
    from moien.report.table import read_scores, terminal_table, verdict

    found = [find(result) for result in results] or sorted((ROOT / "exp").glob("*/score/scores.json"))
    if not found:
        raise WrongData("there are no scores yet", where=ROOT / "exp", remedy="make demo")
    console = Console(highlight=False, soft_wrap=True)
    for file in found:
        scores = read_scores(file)
        recipe = scores["recipe"]
        console.print(terminal_table(scores, title=f"recipe {recipe}"))
        console.print(verdict(scores))
        page, audio = file.with_name("report.html"), file.parent.with_name("decode")
        for what, path in (("page", page), ("audio", audio)):
            if path.exists():
                console.print(f"{what}: {path}")
        console.print()
        for line in cost(file.parent.with_name("log") / "decode.log"):
            console.print(line)
        if write:
            from moien.recipe.settings import recipe_dir

            write_readme(recipe_dir(recipe) / "README.md", recipe, scores)


def cost(log: Path) -> list[str]:
    """Time and memory of synthesis, from the log of stage 7 (scores.json has no times: all runs write the same)."""
    lines = log.read_text(encoding="utf-8").splitlines() if log.is_file() else []
    return [line for line in lines if "real-time factor" in line or line.startswith("peak memory")]


def find(result: str) -> Path:
    """The file of a recipe's scores, or the given file."""
    if result.endswith(".json"):
        return Path(result)
    from moien.recipe.settings import load_settings
    from moien.recipe.stages import BY_NAME

    return BY_NAME["score"].folder(load_settings(result)) / "scores.json"


def write_readme(readme: Path, recipe: str, scores: dict) -> None:  # type: ignore[type-arg]
    """Write the results between the two marks of a recipe's README."""
    from moien.report.table import markdown_table, verdict

    block = f"{BEGIN}\n{verdict(scores)}\n\n{markdown_table(scores)}\n\nMade by `{scores['command']}`.\n{END}"
    text = (
        readme.read_text(encoding="utf-8")
        if readme.is_file()
        else f"# Recipe {recipe}\n\n## Results\n{BEGIN}{END}\n"
    )
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise WrongCall(
            "each of the two marks must occur once",
            where=readme,
            remedy=f"write {BEGIN}{END} where the table goes",
        )
    before, rest = text.split(BEGIN)
    readme.write_text(before + block + rest.split(END)[1], encoding="utf-8")
    click.echo(f"written: {readme}")


if __name__ == "__main__":
    main()
