"""`moien run`, which `run.sh` calls: the stages of a recipe."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from typing import Any

import click

from moien.commands.options import SEED, Command, jobs_option, recipe_option, settings_option
from moien.files import written_whole
from moien.recipe.settings import Settings
from moien.recipe.stages import STAGES, Stage, from_outside, refuse


class StageType(click.ParamType):
    """A stage, by number or name."""

    name = "stage"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Stage:
        """The stage; a usage error lists all of them."""
        if isinstance(value, Stage):
            return value
        for stage in STAGES:
            if value in (stage.name, str(stage.number)):
                return stage
        names = ", ".join(f"{stage.number} {stage.name}" for stage in STAGES)
        raise click.BadParameter(f"there is no stage {value!r}; the stages are {names}", ctx, param)


class StagesType(StageType):
    """Several stages, separated by commas."""

    name = "stage,…"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """A tuple of stages."""
        return tuple(super(StagesType, self).convert(part, param, ctx) for part in str(value).split(","))


class DurationType(click.ParamType):
    """A duration, `55m` or `1h30m`, as seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Seconds."""
        found = re.fullmatch(r"(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?", str(value))
        if not value or not found:
            raise click.BadParameter(f"{value!r} is no duration like 55m, 1h30m or 90s", ctx, param)
        hours, minutes, seconds = (int(part or 0) for part in found.groups())
        return 3600.0 * hours + 60 * minutes + seconds


@click.command("run", cls=Command)
@recipe_option("mini")
@click.option("--stage", "first", type=StageType(), default="0", help="First stage, by number or name.")
@click.option("--stop-stage", "last", type=StageType(), default=str(STAGES[-1].number), help="Last stage.")
@click.option("--skip-stage", "skipped", type=StagesType(), help="Stages to leave out, e.g. 7,8.")
@jobs_option
@click.option("--ngpu", type=click.IntRange(0, 16), help="Number of GPUs to use.")
@click.option("--seed", type=SEED, help="Seed of every random choice.")
@settings_option
@click.option("--force", is_flag=True, help="Run stages that are up to date, too.")
@click.option("--reset", is_flag=True, help="Train from the beginning, not from the last checkpoint.")
@click.option(
    "--time-limit",
    "limit_s",
    type=DurationType(),
    help="Stop after 55m, 1h30m, …: training saves its state, and the same command continues from it.",
)
@click.option("--dry-run", is_flag=True, help="Show what would run and why; run nothing.")
@click.option(
    "--provenance",
    is_flag=True,
    help="Write what decides about each stage into exp/RECIPE/provenance.json, for DVC; run nothing.",
)
@click.option("--list", "list_", is_flag=True, help="Show every stage and its state; run nothing.")
def main(
    recipe: str,
    first: Stage,
    last: Stage,
    skipped: tuple[Stage, ...] | None,
    nj: int | None,
    ngpu: int | None,
    seed: int | None,
    overrides: tuple[str, ...],
    force: bool,
    reset: bool,
    limit_s: float | None,
    dry_run: bool,
    provenance: bool,
    list_: bool,
) -> None:
    """Run the stages of a recipe."""
    from moien.recipe import runner
    from moien.recipe.settings import load_settings

    chosen = runner.select(first, last, skipped or ())
    named = {"system.nj": nj, "system.ngpu": ngpu, "seed": seed}
    overrides += tuple(f"{key}={value}" for key, value in named.items() if value is not None)
    settings = load_settings(recipe, overrides)
    if list_:
        show_stages(settings)
    elif provenance:
        write_provenance(chosen, settings)
    elif dry_run:
        for row in runner.plan(chosen, settings, force):
            verb = "would run" if row.runs else "would skip"
            click.echo(f"{verb} stage {row.stage.number} {row.stage.name}: {row.why}")
    else:
        runner.leave_at_signals()
        runner.run(chosen, settings, recipe, overrides, force, reset, limit_s)


def write_provenance(stages: Sequence[Stage], settings: Settings) -> None:
    """Write stage → version, settings, and digests of the files and lexica from outside of the graph, as JSON."""
    refuse(stages, settings)
    made = {stage.name: from_outside(stage, settings) for stage in stages if stage.output}
    with written_whole(settings.system.work_dir / "exp" / settings.recipe / "provenance.json") as part:
        part.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def show_stages(settings: Settings) -> None:
    """Print the table of stages with the state of each."""
    from rich.console import Console
    from rich.table import Table

    from moien.recipe import runner

    table = Table("stage", "name", "what it does", "state", box=None, title=f"recipe {settings.recipe}")
    for stage, now in runner.listing(settings):
        state = {"changed": f"changed because {now.why}"}.get(now.kind, now.kind)
        table.add_row(str(stage.number), stage.name, stage.sentence, state if stage.output else "–")
    Console(width=None if sys.stdout.isatty() else 160).print(table)
