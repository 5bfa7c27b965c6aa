"""Stage 0, check: what the other stages need and what is missing, each with the command that installs it."""

from __future__ import annotations

import importlib.util
import os
import shutil

from moien.audio import SOX_REMEDY
from moien.device import check_device
from moien.errors import WrongCall, WrongData
from moien.recipe.settings import ROOT
from moien.recipe.stages import StageRun, stage

# Audio, features, checkpoints and speech of a corpus of an hour, with room to write new ones beside the old.
DISK_GB = 6
MEMORY_GB = 5.5  # training on the CPU takes 3 to 5 GB
PACKAGES = "torch torchaudio kokoro viter pyworld sox resemblyzer distillmos speechmos".split()


def problems(run: StageRun) -> list[tuple[str, str]]:
    """What is wrong, with the remedy for each."""
    settings, found = run.settings, []
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        found.append((f"packages are missing: {', '.join(missing)}", "make setup"))
    if shutil.which("sox") is None:  # a corpus of wav, flac, mp3 or ogg files does not need it
        print(f"sox: missing; it reads SPHERE, WavPack, AMR and GSM recordings\n  → {SOX_REMEDY}")

    folder = settings.system.work_dir
    free = shutil.disk_usage(folder).free / 1e9
    print(f"disk: {free:.0f} GB free at {folder}")
    if free < DISK_GB:
        found.append(
            (f"{free:.1f} GB of disk are free, {DISK_GB} are needed", "--set system.work_dir=FOLDER")
        )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    print(f"memory: {memory:.0f} GB, {os.cpu_count()} cores")
    if memory < MEMORY_GB:
        found.append((f"{memory:.1f} GB of memory, {MEMORY_GB} are needed", "use a larger machine"))

    try:
        check_device(settings.system.ngpu)
    except WrongCall as error:
        found.append((error.message, str(error.remedy)))

    program = ROOT / settings.corpus.program
    if not program.is_file():
        found.append(
            (f"{program} is missing", "name a program in local/: --set corpus.program=local/ljspeech.py")
        )
    if not (run.recipe_dir / "eval.txt").is_file():
        found.append((f"{run.recipe_dir}/eval.txt is missing", "write some sentences to speak, one a line"))

    from moien.text import CORRECTIONS, prepare_frontend

    corrections, download = run.recipe_dir / CORRECTIONS, settings.system.download_lexica
    if lost := prepare_frontend(settings.g2p, settings.language, corrections, download):
        print(f"front end: {lost}")

    from moien.kokoro.base import ensure_base

    base = ensure_base(settings.base)
    print(f"base model: {base.dir} ({len(base.voices)} voice packs)")
    return found


@stage("check")
def main(run: StageRun) -> None:
    """Print what is there; fail with all that is missing."""
    found = problems(run)
    for what, remedy in found:
        print(f"missing: {what}\n  → {remedy}")
    if found:
        raise WrongData(f"{len(found)} thing(s) missing", where="stage check", remedy="see above")


if __name__ == "__main__":
    main()
