"""`moien train`: stage 6 alone."""

from __future__ import annotations

import click

from moien.commands.options import recipe_option, settings_option


@click.command("train")
@recipe_option("mini")
@settings_option
@click.option("--smoke", is_flag=True, help="Only check that each phase can overfit one batch.")
def main(recipe: str, overrides: tuple[str, ...], smoke: bool) -> None:
    """Run stage 6 of a recipe, as `run --stage train --stop-stage train` does."""
    from moien.recipe.settings import load_settings

    settings = load_settings(recipe, overrides)
    if smoke:
        from moien.train.smoke import smoke as overfit

        overfit(settings)
    else:
        from moien.recipe import runner
        from moien.recipe.stages import BY_NAME

        runner.leave_at_signals()
        runner.run([BY_NAME["train"]], settings, recipe, overrides)
