"""Show what each part of a training changes: score mixtures of the base and of a recipe's last training.

    tools/score_mixtures.py lb '*=1' '*=1 decoder.*.fc.*=0' 'predictor.*=1 style.prosody.*=1'

Each mixture is a list of GLOB=α over the tensors that learned (`moien inspect` names them, and `style.HALF.SPEAKER`);
the last glob that matches a tensor counts, a tensor without a match is that of the base. Every mixture gets the
speakers' tempo and speaks dev sentences, as in the choice of stage 6. Means, as a Markdown table.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

import click

from moien.corpus.readers import program
from moien.errors import WrongCall, WrongData


@dataclass(frozen=True)
class Globs:
    """α by globs; see `moien.choice.candidates.Mixture`."""

    parts: tuple[tuple[str, float], ...]

    @classmethod
    def parse(cls, text: str) -> Globs:
        """Of `GLOB=α GLOB=α`; WrongCall for anything else."""
        pairs = [part.rpartition("=") for part in text.split()]
        try:
            return cls(tuple((glob, float(alpha)) for glob, _, alpha in pairs))
        except ValueError as error:
            raise WrongCall(
                f"{text!r} is not a list of GLOB=α: {error}", remedy="e.g. 'predictor.*=1'"
            ) from error

    def of(self, name: str) -> float:
        """α of a tensor."""
        name += "*" if name.endswith(".") else ""  # half of the style of any speaker
        return next((alpha for glob, alpha in reversed(self.parts) if fnmatchcase(name, glob)), 0.0)


@program
@click.argument("recipe")
@click.argument("mixtures", nargs=-1, required=True)
@click.option("--sentences", default=8, show_default=True, help="Dev sentences that each mixture speaks.")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="A setting, as for run.sh.")
def main(recipe: str, mixtures: tuple[str, ...], sentences: int, overrides: tuple[str, ...]) -> None:
    """Print a row for the recordings, for stock and for each mixture."""
    import torch

    from moien.choice.audition import METRICS, Audition, means
    from moien.kokoro.base import ensure_base
    from moien.recipe.settings import load_settings
    from moien.recipe.stages import BY_NAME, StageRun
    from moien.score import cache
    from moien.score.judges import Judges
    from moien.threads import use_threads
    from moien.train.data import both_splits

    wanted = [Globs.parse(text) for text in mixtures]
    settings = load_settings(recipe, list(overrides))
    use_threads(settings.system.threads)
    folders = {name: BY_NAME[name].folder(settings) for name in ("data", "align", "features", "embedding")}
    train, dev = both_splits(folders)
    stage = BY_NAME["train"]
    path = StageRun(stage, settings, stage.folder(settings), folders).work_dir / "checkpoint.pt"
    if not path.exists():
        raise WrongData(
            "there is no training of these settings", path, f"./run.sh --recipe {recipe} --stage 6"
        )
    learned = torch.load(path, map_location="cpu", weights_only=True)["learned"]
    g2p = BY_NAME["g2p"].folder(settings)
    recogniser = cache.recogniser(folders["data"], g2p, settings.seed, settings.system.device)
    judges = Judges(recogniser, device=settings.system.device)
    audition = Audition(
        ensure_base(settings.base), learned, train, dev, sentences, judges, settings.system.device
    )

    def row(name: str, scores: dict[str, float]) -> None:
        values = (f"{scores[m.name]:.{m.digits}f}" if m.name in scores else "–" for m in METRICS)
        click.echo(f"| {name} | {' | '.join(values)} |")

    click.echo(f"| mixture | {' | '.join(m.heading for m in METRICS)} |\n|---|{'--:|' * len(METRICS)}")
    row("recordings", means(audition.score()))
    row("stock", means(audition.score(train.base_packs)))
    for text, mixture in zip(mixtures, wanted, strict=True):
        packs, _ = audition.become(mixture)
        row(f"`{text}`", means(audition.score(packs)))


if __name__ == "__main__":
    main()
