"""The house stands as drawn: imports go downward, steps are a page, dvc.yaml is the table of stages."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import yaml

from moien.config import ROOT
from moien.stages import BY_NAME, STAGES

# A package may import from itself and from those behind it in this list.
ORDER = (
    "__main__ cli clone runner listen report train synth score style align text kokoro features data vad corpus "
    "datadir audio fetch stages progress manifest config errors"
).split()


def imports(path: Path) -> set[str]:
    """The first-level parts of moien that a module imports, also inside its functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module] if node.module != "moien" else [f"moien.{a.name}" for a in node.names]
        found |= {name.split(".")[1] for name in names if name.startswith("moien.")}
    return found & set(ORDER)


def modules() -> dict[str, Path]:
    return {str(p.relative_to(ROOT / "moien").with_suffix("")): p for p in (ROOT / "moien").rglob("*.py")}


def test_imports_go_downward_so_there_is_no_circle() -> None:
    for name, path in modules().items():
        part = name.split("/")[0]
        if part == "__init__":
            continue
        assert part in ORDER, f"{part} has no place in the order"
        above = {other for other in imports(path) if ORDER.index(other) < ORDER.index(part)}
        assert not above, f"moien/{name} imports upwards: {above}"


def test_only_the_kokoro_part_and_luxembourgish_part_know_their_subject() -> None:
    for name, path in modules().items():
        if not name.startswith("text"):
            assert "moien.text.lb" not in path.read_text(encoding="utf-8"), name


def test_steps_are_a_page_and_run_sh_too() -> None:
    for step in (ROOT / "steps").glob("*.py"):
        assert len(step.read_text(encoding="utf-8").splitlines()) <= 90, step
    assert {step.stem for step in (ROOT / "steps").glob("*.py")} == set(BY_NAME)
    assert len((ROOT / "run.sh").read_text().splitlines()) <= 120


def test_the_light_parts_do_not_import_torch() -> None:
    code = "import sys, moien.cli, moien.config, moien.stages, moien.runner, moien.datadir, moien.text;"
    code += "sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_dvc_yaml_is_the_table_of_stages() -> None:
    graph = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
    params = yaml.safe_load((ROOT / "params.yaml").read_text())["recipes"]
    with_output = [stage for stage in STAGES if stage.output]
    assert list(graph) == [stage.name for stage in with_output]
    for stage in with_output:
        made = graph[stage.name]["do"]
        assert made["cmd"] == f"./run.sh --recipe ${{key}} --stage {stage.number} --stop-stage {stage.number}"
        assert made["outs"] == [stage.output.replace("/R", "/${key}")]  # type: ignore[union-attr]
        folders = {BY_NAME[name].output.replace("/R", "/${key}") for name in stage.inputs}  # type: ignore[union-attr]
        texts = {f"recipes/${{key}}/{name}" for name in stage.files}
        corpus = {"${item.corpus}"} if stage.name == "data" else set()
        presets, preset = ({"recipes/presets"}, {"preset"}) if "train" in stage.settings else (set(), set())
        assert set(made["deps"]) == {f"steps/{stage.name}.py"} | folders | texts | corpus | presets
        [(file, keys)] = made["params"][0].items()
        assert file == "recipes/${key}/params.yaml"
        assert set(keys) == set(stage.settings) | preset
        for recipe in params:
            written = yaml.safe_load((ROOT / "recipes" / recipe / "params.yaml").read_text())
            assert set(keys) <= set(written), "dvc can only watch what is written down"


def test_no_group_has_a_possessive_quantifier():
    """Python 3.11.2, which Debian 12 has, does not go back over a group that failed half-way: `(?>(?:…)*)` does."""
    lines = [
        (file, line)
        for file in (ROOT / "moien").rglob("*.py")
        for line in file.read_text("utf-8").splitlines()
    ]
    assert not [found for found in lines if re.search(r"\)([*+?]|\{[0-9,]+\})\+", found[1])]
