"""`moien diff`: where two runs begin to differ, to the byte."""

from __future__ import annotations

import click

from moien.commands.options import Command

SHOWN = 10  # files of a stage


@click.command("diff", cls=Command)
@click.argument("first")
@click.argument("second")
def main(first: str, second: str) -> None:
    """Compare the files of two runs; exit code 1 if any differs.

    A RUN is a recipe or a folder like exp/R, with data/R and dump/R beside exp. For the first stage that differs: its
    files, and which setting, version or file from outside explains them.
    """
    from moien.errors import WrongData
    from moien.recipe.diff import Run, compare

    equal, different = compare(Run.find(first), Run.find(second))
    if not different:
        click.echo(f"equal: {equal} files")
        return
    earliest = different[0]
    for line in earliest.files[:SHOWN]:
        click.echo(f"  {line}")
    if len(earliest.files) > SHOWN:
        click.echo(f"  … and {len(earliest.files) - SHOWN} more")
    for reason in earliest.reasons:
        click.echo(f"  {reason}")
    if not earliest.reasons:
        click.echo(
            "  settings, versions, inputs and packages are the same: the code, the machine or its load differs"
        )
    later = ", ".join(row.stage.name for row in different[1:])
    raise WrongData(
        f"the first stage that differs is {earliest.stage.number} ({earliest.stage.name}); {equal} files are equal",
        remedy=f"later ones: {later}" if later else "all others are equal",
    )
