"""Compare the boundaries of a recipe's stage 3 with its corpus' reference segments; exit 1 below the target.

    tools/bench_align.py [RECIPE]

The constant offset of each clip is subtracted; see `moien/align/compare.py`.
"""

from __future__ import annotations

import sys

import click

from moien.align.compare import compare, read_segments
from moien.align.textgrid import read_phones
from moien.audio import read_header
from moien.corpus.readers import program
from moien.errors import WrongData
from moien.recipe.settings import load_settings
from moien.recipe.stages import BY_NAME


@program
@click.argument("recipe", default="lb")
@click.option("--within", default=0.75, show_default=True, help="Target: share of boundaries within 20 ms.")
@click.option("--median-ms", default=11.0, show_default=True, help="Target: median difference in ms.")
def main(recipe: str, within: float, median_ms: float) -> None:
    """Print the agreement; exit 1 if it is below the target."""
    settings = load_settings(recipe)
    data, grids = (BY_NAME[name].folder(settings) for name in ("data", "align"))
    reference = read_segments(data / "reference_segments.jsonl")
    phones = {path.stem: read_phones(path) for path in sorted((grids / "textgrid").glob("*.TextGrid"))}
    if not phones:
        raise WrongData("no TextGrids", where=grids, remedy=f"./run.sh --recipe {recipe} --stop-stage 3")
    agreement = compare(
        phones, reference, {u: read_header(data / "wav" / f"{u}.wav").seconds for u in phones}
    )
    print(f"{settings.recipe}: {agreement}")
    if agreement.within < within or not agreement.median_ms <= median_ms:
        print(
            f"below the target of {within:.0%} within 20 ms and a median of {median_ms:g} ms", file=sys.stderr
        )
        sys.exit(1)


if __name__ == "__main__":
    main()
