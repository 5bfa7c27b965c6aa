"""The one table of stages, and the frame that every program in `steps/` runs in.

`run.sh`, `--list`, `--dry-run` and the check of `dvc.yaml` read `STAGES`; nothing else knows numbers or paths.
"""

from __future__ import annotations

import functools
import os
import shutil
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from moien.errors import WrongData, exit_codes
from moien.files import locked, sha256_file
from moien.recipe import manifest
from moien.recipe.settings import ROOT, Settings, load_settings
from moien.recipe.versions import VERSIONS
from moien.text import CORRECTIONS, lexica


@dataclass(frozen=True)
class Stage:
    """A row of the table: what a stage reads, what it writes and which settings decide about it."""

    number: int
    name: str
    sentence: str
    inputs: tuple[str, ...] = ()  # names of stages
    output: str | None = None  # `R` stands for the recipe
    settings: tuple[str, ...] = ()  # top-level parts of the settings
    files: tuple[str, ...] = ()  # files of the recipe
    grace_s: float = 1.5  # what it gets to end by itself when it is told to, before it is killed

    @property
    def version(self) -> int:
        """The version of its method."""
        return VERSIONS[self.name]

    @property
    def program(self) -> Path:
        """The program that does it."""
        return ROOT / "steps" / f"{self.name}.py"

    def folder(self, settings: Settings) -> Path:
        """Where its output lies."""
        if self.output is None:
            raise ValueError(f"stage {self.name} has no output")
        return settings.system.work_dir / self.output.replace("/R", f"/{settings.recipe}")


# fmt: off
STAGES = (
    Stage(0, "check", "Look whether tools, disk, base weights and corpus are there; name the command that mends."),
    Stage(1, "data", "Raw corpus to 24 kHz mono audio and Kaldi data directories.",
          (), "data/R", ("corpus", "data", "seed")),
    Stage(2, "g2p", "Text to phonemes in Kokoro's symbols.",
          ("data",), "dump/R/g2p", ("language", "g2p"), (CORRECTIONS,)),
    Stage(3, "align", "Forced alignment: frames for every token, in the base model's timing.",
          ("data", "g2p"), "dump/R/align", ("align", "features", "base", "seed")),
    Stage(4, "features", "F0 and energy as the base model defines them.",
          ("data", "align"), "dump/R/features", ("features",)),
    Stage(5, "embedding", "Speaker embeddings, and the style that each speaker starts from.",
          ("data", "align", "features"), "dump/R/embedding", ("embedding", "base", "seed")),
    Stage(6, "train", "Fine-tune the base model; choose the best by scores.",
          ("data", "g2p", "align", "features", "embedding"), "exp/R/train", ("train", "base", "seed"),
          grace_s=40),  # to finish a step and write a checkpoint, or an interval's validation and sentence first
    Stage(7, "decode", "Speak the test split and eval.txt from text alone.",
          ("data", "g2p", "embedding", "train"), "exp/R/decode", ("decode", "base", "seed"), ("eval.txt",)),
    Stage(8, "score", "Score natural, stock and trained speech; write the page.",
          ("data", "g2p", "align", "features", "embedding", "train", "decode"), "exp/R/score",
          ("score", "features", "seed")),
    Stage(9, "pack", "Put together what users load: weights, voice packs, front end, model card.",
          ("g2p", "train", "score"), "exp/R/voice", ("corpus", "language", "base", "seed")),
)
# fmt: on
BY_NAME = {stage.name: stage for stage in STAGES}


@dataclass(frozen=True)
class State:
    """Whether a stage's output can be used as it is: `done`, `changed` or `missing`, and why."""

    kind: str
    why: str = ""


def provenance(stage: Stage, settings: Settings) -> dict[str, Any]:
    """All that decides about a stage's output, as its manifest records it."""
    dumped = settings.model_dump(mode="json")
    digests = {}
    for name in stage.inputs:
        made = manifest.read(BY_NAME[name].folder(settings))
        digests[name] = made["digest"] if made else None
    files = {
        name: sha256_file(settings.folder / name)
        for name in stage.files
        if (settings.folder / name).is_file()
    }
    used = {}
    if "g2p" in stage.settings:
        used = lexica(settings.g2p, settings.language, settings.folder / CORRECTIONS)
    return {
        "version": stage.version,
        "settings": {key: dumped[key] for key in stage.settings},
        "inputs": digests,
        "files": files,
        "lexica": used,
    }


def state(stage: Stage, settings: Settings, known: dict[str, State] | None = None) -> State:
    """Compare a stage's manifest with the settings, files and inputs of now.

    `known` remembers what was found on the way: every stage is an input of several others.
    """
    known = {} if known is None else known
    if stage.name not in known:
        known[stage.name] = _compare(stage, settings, known)
    return known[stage.name]


def _compare(stage: Stage, settings: Settings, known: dict[str, State]) -> State:
    if stage.output is None:
        return State("done")
    folder = stage.folder(settings)
    made = manifest.read(folder)
    if made is None:
        return State("missing")
    for name in stage.inputs:
        if (above := state(BY_NAME[name], settings, known)).kind != "done":
            return State("changed", f"stage {name} is {above.kind}")
    gone = manifest.missing_output(folder, made)
    if gone is not None:
        return State("changed", f"{gone} is gone or was edited")
    now = provenance(stage, settings)
    if now["version"] != made.get("version"):
        return State("changed", f"its method is of version {now['version']}, not {made.get('version', 0)}")
    for kind in ("inputs", "files", "lexica"):
        for name, before, after in differences(made[kind], now[kind]):
            change = "new" if before is None else "gone" if after is None else "another"
            return State("changed", f"{name} is {change}")
    for key, before, after in differences(made["settings"], now["settings"]):
        return State("changed", f"{key} was {before!r}, now {after!r}")
    return State("done")


def differences(before: Any, after: Any, path: str = "") -> list[tuple[str, Any, Any]]:
    """Where two JSON values differ: the dotted key, the value before and the value after."""
    if isinstance(before, dict) and isinstance(after, dict):
        keys = sorted(before.keys() | after.keys())
        return [d for k in keys for d in differences(before.get(k), after.get(k), f"{path}.{k}".strip("."))]
    return [] if before == after else [(path, before, after)]


@dataclass
class Tally:
    """Counts what a stage kept and what it dropped, by reason; nothing may vanish between the two."""

    kept: int = 0
    dropped: dict[str, str] = field(default_factory=dict)  # utterance → reason

    def keep(self, n: int = 1) -> None:
        """Count `n` utterances as kept."""
        self.kept += n

    def drop(self, utterance: str, reason: str) -> None:
        """Count one utterance as dropped. Reasons are categories: what is particular goes behind a colon."""
        self.dropped[utterance] = reason

    @property
    def reasons(self) -> dict[str, int]:
        """How many utterances were dropped for which category of reasons."""
        return dict(Counter(reason.partition(":")[0] for reason in self.dropped.values()).most_common())

    def close(self, stage: str, max_dropped: float) -> None:
        """Print the table; WrongData when nothing was kept or too much was dropped."""
        total = self.kept + len(self.dropped)
        if total == 0:
            return
        print(f"{stage}: in {total}, kept {self.kept}, dropped {len(self.dropped)}", flush=True)
        for reason, count in self.reasons.items():
            example = next(u for u, r in self.dropped.items() if r.partition(":")[0] == reason)
            print(f"  {count:6d}  {reason}  (e.g. {example}: {self.dropped[example]})")
        if self.kept == 0 or len(self.dropped) > max_dropped * total:
            raise WrongData(
                f"{len(self.dropped)} of {total} utterances were dropped, more than max_dropped = {max_dropped:g}",
                where=f"stage {stage}",
                remedy="mend the corpus by the reasons above, or raise --set max_dropped",
            )


@dataclass
class StageRun:
    """What a program in `steps/` gets to work with."""

    stage: Stage
    settings: Settings
    out: Path
    inputs: dict[str, Path]
    tally: Tally = field(default_factory=Tally)
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def recipe_dir(self) -> Path:
        """The folder of the recipe."""
        return self.settings.folder

    @property
    def device(self) -> str:
        """The torch device to compute on."""
        return self.settings.system.device

    @property
    def nj(self) -> int:
        """How many processes to use."""
        return self.settings.system.nj

    def dropped_before(self) -> dict[str, str]:
        """Utterance → `REASON (stage N)`, of all that the stages before this one dropped."""
        found = {}
        for earlier in STAGES[: self.stage.number]:
            made = manifest.read(earlier.folder(self.settings)) if earlier.output else None
            for utterance, reason in (made["counts"]["dropped_utterances"] if made else {}).items():
                found[utterance] = f"{reason.partition(':')[0]} (stage {earlier.number})"
        return found

    def note(self, key: str, value: Any) -> None:
        """Record a small JSON-able fact in the manifest; it must be the same at every run (no times)."""
        self.notes[key] = value

    @property
    def work_dir(self) -> Path:
        """A folder outside the graph that survives an interruption."""
        folder = work_folder(self.stage, self.settings)
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def work_folder(stage: Stage, settings: Settings) -> Path:
    """What `StageRun.work_dir` is: a folder for each set of inputs and settings.

    All but `train.choice`, which comes after training: another rule finds the same checkpoint.
    """
    made = provenance(stage, settings)
    made["settings"].get("train", {}).pop("choice", None)
    return settings.system.work_dir / "exp" / settings.recipe / "work" / manifest.sha256_json(made)[:16]


def temporary(stage: Stage, settings: Settings) -> Path:
    """The sibling that a stage writes to before its output is renamed into place, under `lock`."""
    folder = stage.folder(settings)
    return folder.with_name(f".{folder.name}.tmp")


def lock(stage: Stage, settings: Settings) -> Path:
    """The file that a process locks while it makes the stage's output."""
    return settings.system.work_dir / "exp" / settings.recipe / f".{stage.name}.lock"


def remove_temporary(stage: Stage, settings: Settings) -> None:
    """Remove what a killed process left half written; what another process is writing stays."""
    with locked(lock(stage, settings), wait=False) as held:
        if held:
            shutil.rmtree(temporary(stage, settings), ignore_errors=True)


def stage(name: str) -> Callable[[Callable[[StageRun], None]], Callable[[], None]]:
    """Make a program of a function: options in, the function, manifest and rename out."""

    def decorate(work: Callable[[StageRun], None]) -> Callable[[], None]:
        import click

        @click.command(help=(sys.modules[work.__module__].__doc__ or "").strip())
        @click.option("--recipe", required=True, help="Name of a folder in recipes/, or a path.")
        @click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override a setting.")
        @functools.wraps(work)
        def command(recipe: str, overrides: tuple[str, ...]) -> None:
            with exit_codes():
                execute(BY_NAME[name], work, load_settings(recipe, overrides))

        return command

    return decorate


def execute(stage: Stage, work: Callable[[StageRun], None], settings: Settings) -> None:
    """Run `work` in a fresh temporary directory and rename it into place when all went well.

    Raises:
        WrongData: an input is missing, too much was dropped, the disk is full, or another process makes the stage.
    """
    inputs = {name: BY_NAME[name].folder(settings) for name in stage.inputs}
    for name, path in inputs.items():
        if manifest.read(path) is None:
            raise missing_input(stage, BY_NAME[name], settings)
    if stage.output is None:
        work(StageRun(stage, settings, Path(os.devnull), inputs))
        return
    with locked(lock(stage, settings), wait=False) as held:
        if not held:
            where, remedy = f"stage {stage.number} ({stage.name})", "wait for it, or end it"
            raise WrongData("another process is making its output", where, remedy)
        _make(stage, work, settings, inputs)


def _make(
    stage: Stage, work: Callable[[StageRun], None], settings: Settings, inputs: dict[str, Path]
) -> None:
    made, final = temporary(stage, settings), stage.folder(settings)
    shutil.rmtree(made, ignore_errors=True)  # of a process that was killed
    made.mkdir(parents=True)
    try:
        run = StageRun(stage, settings, made, inputs)
        work(run)
        run.tally.close(stage.name, settings.max_dropped)
        counts = {
            "kept": run.tally.kept,
            "dropped": run.tally.reasons,
            "dropped_utterances": run.tally.dropped,
        }
        facts = provenance(stage, settings) | {"counts": counts, "notes": run.notes}
        manifest.write(made, stage=stage.name, recipe=settings.recipe, **facts)
        print(f"peak memory {peak_memory_gb():.1f} GB", flush=True)
        shutil.rmtree(final, ignore_errors=True)
        made.rename(final)
    except Exception as error:
        # Libraries report a full disk in many ways, few of them as OSError: look at the disk itself.
        if shutil.disk_usage(made.parent).free < 1 << 20:
            where, remedy = f"stage {stage.name}", "free some, or --set system.work_dir=FOLDER"
            raise WrongData(f"the disk of {made.parent} is full", where, remedy) from error
        raise
    finally:
        shutil.rmtree(made, ignore_errors=True)


def peak_memory_gb() -> float:
    """The most memory that this process held, or the largest of those it started, in GB."""
    import resource

    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return max(resource.getrusage(kind).ru_maxrss for kind in kinds) * 1024 / 1e9  # Linux counts in KiB


def missing_input(stage: Stage, needed: Stage, settings: Settings, why: str = "") -> WrongData:
    """The error for a stage whose input is not there (or, with `why`, is not up to date)."""
    folder = needed.folder(settings)
    return WrongData(
        f"needs the output of stage {needed.number} ({needed.name}): {folder} "
        + (f"is not up to date ({why})" if why else "is missing"),
        where=f"stage {stage.number} ({stage.name})",
        remedy=f"./run.sh --recipe {settings.recipe} --stage {needed.number} --stop-stage {stage.number}",
    )
