"""The table of stages, and the frame in which every program in `steps/` runs.

`run.sh`, `--list`, `--dry-run` and the check of `dvc.yaml` read `STAGES`; no other code has
numbers or paths of stages.
"""

from __future__ import annotations

import functools
import os
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from moien.checkout import ROOT, refuse_another
from moien.errors import WrongData, exit_codes
from moien.files import locked, sha256_file
from moien.recipe import manifest, outputs, outside
from moien.recipe.digests import Digests
from moien.recipe.settings import Settings, load_settings
from moien.recipe.versions import VERSIONS
from moien.text import CORRECTIONS, lexica


@dataclass(frozen=True)
class Stage:
    """A row of the table: what a stage reads, what it writes and which settings affect it."""

    number: int
    name: str
    inputs: tuple[str, ...] = ()  # names of stages
    output: str | None = None  # `R` stands for the recipe
    settings: tuple[str, ...] = ()  # top-level parts of the settings
    files: tuple[str, ...] = ()  # files of the recipe
    reads: tuple[str, ...] = ()  # settings that name files or folders outside of the graph
    grace_s: float = 1.5  # time to end by itself after an interrupt, before it is killed

    @property
    def sentence(self) -> str:
        """What it does, for users."""
        return SENTENCES[self.name]

    @property
    def version(self) -> int:
        """The version of its method."""
        return VERSIONS[self.name]

    @property
    def program(self) -> Path:
        """The program that runs it."""
        return ROOT / "steps" / f"{self.name}.py"

    def folder(self, settings: Settings) -> Path:
        """The folder of its output."""
        return self.folder_in(settings.system.work_dir, settings.recipe)

    def folder_in(self, work_dir: Path, recipe: str) -> Path:
        """The folder of its output for a recipe that may have no settings here."""
        if self.output is None:
            raise ValueError(f"stage {self.name} has no output")
        return work_dir / self.output.replace("/R", f"/{recipe}")


SENTENCES = {
    "check": "Check tools, disk, base weights and corpus; name the command that installs what is missing.",
    "data": "Raw corpus to 24 kHz mono audio and Kaldi data directories.",
    "g2p": "Text to phonemes in Kokoro's symbols.",
    "align": "Forced alignment: frames for every token, in the base model's timing.",
    "features": "F0 and energy as the base model defines them.",
    "embedding": "Speaker embeddings, and the style that each speaker starts from.",
    "train": "Fine-tune the base model; choose the best by scores.",
    "decode": "Speak the test split and eval.txt from text alone.",
    "score": "Score natural, stock and trained speech; write the page.",
    "pack": "Write what users load: the voice for each program that runs Kokoro, its front end, a model card.",
}
DATA_STAGES = ("data", "g2p", "align", "features", "embedding")
# Training finishes a step, or the validation and the sentence of an interval, and writes a checkpoint.
TRAIN_GRACE_S = 40.0
BASE = ("base.path",)
STAGES = (
    Stage(0, "check"),
    Stage(1, "data", (), "data/R", ("corpus", "data", "seed"), reads=("corpus.program", "corpus.options")),
    Stage(2, "g2p", ("data",), "dump/R/g2p", ("language", "g2p"), (CORRECTIONS,)),
    Stage(3, "align", ("data", "g2p"), "dump/R/align", ("align", "base", "seed"), reads=BASE),
    Stage(4, "features", ("data", "align"), "dump/R/features", ("features",)),
    Stage(
        5,
        "embedding",
        ("data", "align", "features"),
        "dump/R/embedding",
        ("embedding", "base", "seed"),
        reads=BASE,
    ),
    Stage(6, "train", DATA_STAGES, "exp/R/train", ("train", "base", "seed"), (), BASE, TRAIN_GRACE_S),
    Stage(
        7,
        "decode",
        ("data", "g2p", "embedding", "train"),
        "exp/R/decode",
        ("decode", "base", "seed"),
        ("eval.txt",),
        BASE,
    ),
    Stage(
        8,
        "score",
        (*DATA_STAGES, "train", "decode"),
        "exp/R/score",
        ("score", "features", "seed"),
        reads=("score.transcriber",),
    ),
    Stage(
        9,
        "pack",
        ("g2p", "train", "score"),
        "exp/R/voice",
        ("pack", "corpus", "language", "base", "seed"),
        reads=BASE,
    ),
)
BY_NAME = {stage.name: stage for stage in STAGES}


@dataclass(frozen=True)
class State:
    """Whether a stage's output can be used as it is: `done`, `changed` or `missing`, and why."""

    kind: str
    why: str = ""


def provenance(stage: Stage, settings: Settings) -> dict[str, Any]:
    """Everything that affects a stage's output, as its manifest records it."""
    digests = {}
    for name in stage.inputs:
        made = manifest.read(BY_NAME[name].folder(settings))
        digests[name] = made["digest"] if made else None
    return from_outside(stage, settings) | {"inputs": digests}


def from_outside(stage: Stage, settings: Settings) -> dict[str, Any]:
    """The part of the provenance that is no output of another stage."""
    dumped, used = settings.model_dump(mode="json"), {}
    if "g2p" in stage.settings:
        used = lexica(settings.g2p, settings.language, settings.folder / CORRECTIONS)
    return {
        "version": stage.version,
        "settings": {key: dumped[key] for key in stage.settings},
        "files": files(stage, settings),
        "lexica": used,
    }


def files(stage: Stage, settings: Settings) -> dict[str, str]:
    """Name → SHA-256 of what a stage reads from outside of the graph: files of the recipe, and what settings name."""
    own = {name: settings.folder / name for name in stage.files}
    found = {name: sha256_file(path) for name, path in own.items() if path.is_file()}
    return found | outside.digests(settings, stage.reads)


def refuse(stages: Iterable[Stage], settings: Settings) -> None:
    """Before any work: an error if one of the stages would remove or replace what no stage of this recipe made."""
    outputs.refuse_namesake(settings)
    read = outside.named_paths(settings, {key for stage in STAGES for key in stage.reads})
    for stage in (stage for stage in stages if stage.output):
        outputs.refuse_foreign(stage.folder(settings), stage.name, {"the recipe": settings.folder} | read)


def state(stage: Stage, settings: Settings, known: dict[str, State] | None = None) -> State:
    """Compare a stage's manifest with the current settings, files and inputs.

    `known` keeps the results of this and other calls: most stages are an input of several others.
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
    remembered = Digests(settings)
    wrong = manifest.wrong_output(folder, made, remembered)
    remembered.keep()
    if wrong is not None:
        return State("changed", wrong)
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
    """Counts what a stage kept and what it dropped, by reason; every utterance counts as one of the two."""

    kept: int = 0
    dropped: dict[str, str] = field(default_factory=dict)  # utterance → reason

    def keep(self, n: int = 1) -> None:
        """Count `n` utterances as kept."""
        self.kept += n

    def drop(self, utterance: str, reason: str) -> None:
        """Count one utterance as dropped. A reason is a category; details follow a colon."""
        self.dropped[utterance] = reason

    @property
    def reasons(self) -> dict[str, int]:
        """Category of reasons → number of dropped utterances."""
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
    """What a program in `steps/` works with."""

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
    """The path of `StageRun.work_dir`: a folder for each set of inputs and settings.

    `train.choice` has no effect on it, because the choice comes after training: another rule finds the same checkpoint.
    """
    made = provenance(stage, settings)
    made["settings"].get("train", {}).pop("choice", None)
    return settings.system.work_dir / "exp" / settings.recipe / "work" / manifest.sha256_json(made)[:16]


def temporary(stage: Stage, settings: Settings) -> Path:
    """The folder beside the output that a stage writes to, under `lock`, before it is renamed into place."""
    folder = stage.folder(settings)
    return folder.with_name(f".{folder.name}.tmp")


def lock(stage: Stage, settings: Settings) -> Path:
    """The file that a process locks while it makes the stage's output."""
    return settings.system.work_dir / "exp" / settings.recipe / f".{stage.name}.lock"


def remove_temporary(stage: Stage, settings: Settings) -> None:
    """Remove the incomplete output of a killed process, but not that of a running one."""
    with locked(lock(stage, settings), wait=False) as held:
        if held:
            outputs.remove_temporary(temporary(stage, settings), stage.name)


def stage(name: str) -> Callable[[Callable[[StageRun], None]], Callable[[], None]]:
    """Make a program from a function: read the options, run it, write the manifest, rename the output."""

    def decorate(work: Callable[[StageRun], None]) -> Callable[[], None]:
        import click

        @click.command(help=(sys.modules[work.__module__].__doc__ or "").strip())
        @click.option("--recipe", required=True, help="Name of a folder in recipes/, or a path.")
        @click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override a setting.")
        @functools.wraps(work)
        def command(recipe: str, overrides: tuple[str, ...]) -> None:
            with exit_codes():
                refuse_another(Path(work.__code__.co_filename).parents[1])
                execute(BY_NAME[name], work, load_settings(recipe, overrides))

        return command

    return decorate


def execute(stage: Stage, work: Callable[[StageRun], None], settings: Settings) -> None:
    """Run `work` in a fresh temporary directory and rename it into place if there was no error.

    Raises:
        WrongData: an input is missing, too much was dropped, the disk is full, another process runs the stage, or its
            output would replace what is not its own.
    """
    inputs = {name: BY_NAME[name].folder(settings) for name in stage.inputs}
    for name, path in inputs.items():
        if manifest.read(path) is None:
            raise missing_input(stage, BY_NAME[name], settings)
    refuse([stage], settings)
    if stage.output is None:
        work(StageRun(stage, settings, Path(os.devnull), inputs))
        return
    with locked(lock(stage, settings), wait=False) as held:
        if not held:
            where, remedy = f"stage {stage.number} ({stage.name})", "wait for it, or end it"
            raise WrongData("another process is making its output", where, remedy)
        try:
            _make(stage, work, settings, inputs)
        except Exception as error:
            # Libraries report a full disk in many ways, few of them as OSError: look at the disk itself.
            place = next(folder for folder in stage.folder(settings).parents if folder.exists())
            if shutil.disk_usage(place).free < 1 << 20:
                where, remedy = f"stage {stage.name}", "free some, or --set system.work_dir=FOLDER"
                raise WrongData(f"the disk of {place} is full", where, remedy) from error
            raise


def _make(
    stage: Stage, work: Callable[[StageRun], None], settings: Settings, inputs: dict[str, Path]
) -> None:
    made, final = temporary(stage, settings), stage.folder(settings)
    outputs.claim(settings)
    outputs.remove_temporary(made, stage.name)  # left by a killed process
    outputs.new_temporary(made, stage.name)
    before = provenance(stage, settings)  # what changes during the work makes the stage run again …
    read = {key: before[key] for key in ("inputs", "files")}  # … but for lexica, which it may download
    try:
        run = StageRun(stage, settings, made, inputs)
        work(run)
        run.tally.close(stage.name, settings.max_dropped)
        counts = {
            "kept": run.tally.kept,
            "dropped": run.tally.reasons,
            "dropped_utterances": run.tally.dropped,
        }
        facts = provenance(stage, settings) | read | {"counts": counts, "notes": run.notes}
        manifest.write(made, stage=stage.name, recipe=settings.recipe, **facts)
        print(f"peak memory {peak_memory_gb():.1f} GB", flush=True)
        outputs.remove(final, stage.name)
        made.rename(final)
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
