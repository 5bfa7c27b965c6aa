"""Measure the training on a GPU: `make gpu-check`, in at most 8 minutes, without network, corpus or base model.

Compares one step with the CPU and measures speed, memory and bf16 for both phases of preset `gpu`: see
`moien/train/gpu_check.py`. Prints a table; `--write` puts it into docs/gpu.md.
"""

from __future__ import annotations

import click

from moien.corpus.readers import program
from moien.device import check_device
from moien.recipe.settings import ROOT, load_settings

DOCS = ROOT / "docs" / "gpu.md"
BEGIN, END = "<!-- made by make gpu-check -->\n", "<!-- end -->\n"


@program
@click.option(
    "--device",
    type=click.Choice(["cuda", "cpu"]),
    default="cuda",
    show_default=True,
    help="The torch device: cuda, or cpu to try this program.",
)
@click.option("--steps", default=30, show_default=True, help="Steps of each phase that are timed.")
@click.option(
    "--minutes", default=8.0, show_default=True, help="Measurements that exceed this time are left out."
)
@click.option("--quick", is_flag=True, help="Short utterances and small batches, to try this program.")
@click.option("--write", is_flag=True, help="Put the table into docs/gpu.md.")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="A setting, as for run.sh.")
def main(
    device: str, steps: int, minutes: float, quick: bool, write: bool, overrides: tuple[str, ...]
) -> None:
    """Measure, and print the table."""
    if device == "cuda":
        check_device(1)
    from moien.train.gpu_check import measured

    settings = load_settings("mini", ["preset=gpu", *overrides])
    table = measured(device, steps, minutes, quick, settings.train)
    click.echo(table)
    if write:
        before, rest = DOCS.read_text(encoding="utf-8").split(BEGIN)
        DOCS.write_text(f"{before}{BEGIN}\n{table}\n\n{END}{rest.split(END)[1]}", encoding="utf-8")


if __name__ == "__main__":
    main()
