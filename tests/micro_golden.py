"""What the micro recipe wrote when the versions of the methods were last raised: `tests/golden/micro.json`.

Where the processor and the packages are those of the record, every byte of every stage must be the same. Elsewhere
floats differ in their last bits, so only what does not depend on them is compared: the phonemes, and for the other
stages which kinds of files they write.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from micro import Micro

from moien.recipe import manifest
from moien.recipe.settings import ROOT, load_settings
from moien.recipe.stages import STAGES, Stage

FILE = ROOT / "tests" / "golden" / "micro.json"
EXACT_ANYWHERE = {"g2p"}  # no float is in its output
PACKAGES = (
    "torch numpy scipy kokoro transformers viter pyworld-prebuilt soxr librosa resemblyzer distillmos espeakng-loader"
).split()


def look(micro: Micro) -> dict[str, Any]:
    """The record of a finished run: the platform, and of each stage version, inputs, outline and digest."""
    settings = load_settings(micro.recipe, [micro.folder])
    found: dict[str, Any] = {}
    for stage in STAGES:
        if stage.output:
            found[stage.name] = _entry(stage, stage.folder(settings), micro, found)
    return {"platform": platform(), "stages": found}


def platform() -> dict[str, str]:
    """All that decides about the last bits of a float, as far as it can be read."""
    rows = (line.partition(":") for line in Path("/proc/cpuinfo").read_text().split("\n\n")[0].splitlines())
    processor = {key.strip(): value.strip() for key, _, value in rows}
    names = ("model name", "cpu family", "model", "stepping")  # a virtual machine may name only the maker
    facts = {
        "cpu": " ".join(processor.get(name, "") for name in names),
        "flags": hashlib.sha256(processor.get("flags", "").encode()).hexdigest()[:16],
        "simd": torch.backends.cpu.get_cpu_capability(),
    }
    return facts | {package: version(package) for package in PACKAGES}


def _entry(stage: Stage, folder: Path, micro: Micro, found: Mapping[str, Any]) -> dict[str, Any]:
    made = manifest.read(folder)
    assert made is not None, folder
    places = [str(place).encode() for place in (micro.recipe, micro.work_dir)]

    def digest(content: bytes) -> str:
        for place in places:  # another one in every run
            content = content.replace(place, b"")
        return hashlib.sha256(content).hexdigest()[:16]

    names = sorted(made["outputs"])
    given = {key: made[key] for key in ("settings", "files", "lexica")}
    inputs = {name: found[name]["digest"] for name in made["inputs"]}
    # Neither names nor numbers: which utterances are kept and which are plotted may depend on floats.
    kinds = sorted({f"{Path(name).parent}/*{Path(name).suffix}" for name in names})
    counts = json.dumps([made["counts"]["kept"], made["counts"]["dropped"]])
    contents = [counts] + [f"{name} {digest((folder / name).read_bytes())}" for name in names]
    return {
        "version": made["version"],
        "given": digest(json.dumps([given, inputs], sort_keys=True).encode()),
        "outline": digest(json.dumps(kinds).encode()),
        "digest": digest("\n".join(contents).encode()),
    }


def changed(recorded: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """The stages whose output differs from the record where nothing but the code can be the reason."""
    here = recorded["platform"] == now["platform"]
    for name, entry in now["stages"].items():
        before = recorded["stages"].get(name)
        if before is None or entry["version"] != before["version"]:
            return  # what comes after it was made of another output
        parts = ["outline"] + ["digest"] * (here or name in EXACT_ANYWHERE)
        if (entry["given"] == before["given"] or not here) and any(entry[p] != before[p] for p in parts):
            yield name


def check(now: Mapping[str, Any]) -> None:
    """Compare with the record; with MOIEN_GOLDEN=write write it, unless a version must be raised first.

    Raises:
        AssertionError: an output changed and its version did not, or the record is not of these versions.
    """
    recorded = (
        json.loads(FILE.read_text(encoding="utf-8")) if FILE.is_file() else {"platform": {}, "stages": {}}
    )
    first = next(changed(recorded, now), None)
    assert first is None, (
        f"the output of stage {first} changed: raise its version in moien/recipe/versions.py and run `make golden`"
    )
    if os.environ.get("MOIEN_GOLDEN") == "write":
        FILE.write_text(json.dumps(now, indent=1) + "\n", encoding="utf-8")
    elif recorded["platform"] == now["platform"]:
        assert recorded == now, f"{FILE} is not of these versions and settings: run `make golden`"
    else:
        versions = [{name: e["version"] for name, e in r["stages"].items()} for r in (recorded, now)]
        assert versions[0] == versions[1], f"{FILE} is not of these versions: run `make golden`"
