"""Print the scores of finished recipes: natural, stock and trained side by side, as stage 8 left them.

With --write, also put the table, the verdict and the command that made them into recipes/R/README.md.
"""

from __future__ import annotations

from pathlib import Path

import click

from moien.corpus.readers import program
from moien.errors import WrongCall, WrongData

NEW = "# Recipe {recipe}\n\n## Results\n{marks}\n"
BEGIN, END = "<!-- scores: utils/show_results.py writes from here -->", "<!-- scores: to here -->"


@program
@click.argument("results", nargs=-1, metavar="[RECIPE|SCORES.JSON]…")
@click.option("--write", is_flag=True, help="Write the table into the README.md of each recipe.")
def main(results: tuple[str, ...], write: bool) -> None:
    """Print each; without any, all recipes of this checkout that have scores."""
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
        page, sounds = file.with_name("report.html"), file.parent.with_name("decode")
        console.print(*(f"{what}: {path}" for what, path in (("page", page), ("sounds", sounds)) if path.exists()), "",
                      sep="\n")  # fmt: skip
        for line in cost(file.parent.with_name("log") / "decode.log"):
            console.print(line)
        if write:
            from moien.recipe.settings import recipe_dir

            write_readme(recipe_dir(recipe) / "README.md", recipe, scores)


def cost(log: Path) -> list[str]:
    """What speaking cost, from the log of stage 7: times stay out of scores.json, which every run makes alike."""
    lines = log.read_text(encoding="utf-8").splitlines() if log.is_file() else []
    return [line for line in lines if "real-time factor" in line or line.startswith("peak memory")]


def find(result: str) -> Path:
    """The scores of a recipe, or the file itself."""
    if result.endswith(".json"):
        return Path(result)
    from moien.recipe.settings import load_settings
    from moien.recipe.stages import BY_NAME

    return BY_NAME["score"].folder(load_settings(result)) / "scores.json"


def write_readme(readme: Path, recipe: str, scores: dict) -> None:  # type: ignore[type-arg]
    """Replace what stands between the two marks, or add both at the end."""
    from moien.report.table import markdown_table, verdict

    block = f"{BEGIN}\n{verdict(scores)}\n\n{markdown_table(scores)}\n\nMade by `{scores['command']}`.\n{END}"
    text = (
        readme.read_text(encoding="utf-8")
        if readme.is_file()
        else f"# Recipe {recipe}\n\n## Results\n{BEGIN}{END}\n"
    )
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise WrongCall(
            "the marks are not there once each", where=readme, remedy=f"put {BEGIN}{END} where the table goes"
        )
    before, rest = text.split(BEGIN)
    readme.write_text(before + block + rest.split(END)[1], encoding="utf-8")
    click.echo(f"written: {readme}")


if __name__ == "__main__":
    main()
