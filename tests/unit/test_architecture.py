"""The house stands as drawn: imports go downward, steps are a page, dvc.yaml is the table of stages."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Collection, Iterable
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
import yaml

from moien.recipe.settings import ROOT
from moien.recipe.stages import BY_NAME, STAGES

# A room may import from itself and from those behind it in this list. The `settings` of each room come last: they are
# read by `recipe`, which knows all rooms, and import nothing of them.
ORDER = (
    "__main__ cli commands listen conform report choice train synth export score style align recipe text "
    "kokoro features corpus device audio pool distillmos edits evenly fetch files threads progress settings "
    "section checkout errors"
).split()


def modules() -> dict[str, Path]:
    """Dotted name → file of every module of moien."""
    found = {}
    for path in sorted((ROOT / "moien").rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        found[name.removesuffix(".__init__")] = path
    return found


def imports(path: Path, known: Collection[str]) -> set[str]:
    """The modules of moien that a module imports, also inside its functions and for the type checker only."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in known else node.module for name in names}
    return found & set(known)


def room(module: str) -> str:
    """The place of a module in ORDER."""
    parts = module.split(".")[1:]
    return "settings" if parts[1:] == ["settings"] and parts[0] != "recipe" else parts[0]


def test_imports_go_downward() -> None:
    known = modules()
    for name, path in known.items():
        if name == "moien":
            continue
        assert room(name) in ORDER, f"{name} has no place in the order"
        others = imports(path, known) - {"moien"}
        above = {other for other in others if ORDER.index(room(other)) < ORDER.index(room(name))}
        assert not above, f"{name} imports upwards: {above}"


def test_no_module_imports_itself_over_others() -> None:
    known = modules()
    graph = {name: imports(path, known) - {name, "moien"} for name, path in known.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        raise AssertionError(f"a circle of imports: {' → '.join(reversed(error.args[1]))}") from None


PARTS = {"bert", "bert_encoder", "predictor", "decoder", "text_encoder", "forward_with_tokens"}
SIZES = {50, 128, 256, 510}  # duration bins, half of a style, a style, rows of a pack


def has_size(nodes: Iterable[ast.AST]) -> bool:
    return any(isinstance(n, ast.Constant) and type(n.value) is int and n.value in SIZES for n in nodes)


def knows_kokoro(node: ast.AST) -> bool:
    """Whether a piece of code uses a size of Kokoro's styles, packs and durations, or a part of its model."""
    if isinstance(node, ast.Subscript):
        return has_size(
            n for part in ast.walk(node.slice) if isinstance(part, ast.Slice) for n in ast.walk(part)
        )
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr in {"zeros", "empty", "randn", "ones", "arange"} and has_size(node.args)
    if isinstance(node, ast.Attribute) and node.attr in PARTS:
        return ast.unparse(node.value).split(".")[-1] in {"model", "_model", "base", "untouched"}
    return False


def test_the_wall_around_kokoro() -> None:
    """Halves of a style, rows of a pack, duration bins and parts of the model: known in moien/kokoro alone."""
    programs = [path for part in ("moien", "steps", "tools", "utils") for path in (ROOT / part).rglob("*.py")]
    for path in programs:
        if path.parent.name == "kokoro" or "text" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            assert not knows_kokoro(node), f"{path}:{node.lineno}: {ast.unparse(node)}"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "code", ["style[:, 128:]", "style[..., :128]", "torch.zeros(256)", "self.model.decoder(x)", "pack[0:510]"]
)
def test_the_wall_is_no_air(code: str) -> None:
    assert any(knows_kokoro(node) for node in ast.walk(ast.parse(code)))


def test_only_the_luxembourgish_part_knows_luxembourgish() -> None:
    for name, path in modules().items():
        if not name.startswith("moien.text"):
            assert "moien.text.lb" not in path.read_text(encoding="utf-8"), name


def test_steps_are_a_page_and_run_sh_too() -> None:
    for step in (ROOT / "steps").glob("*.py"):
        assert len(step.read_text(encoding="utf-8").splitlines()) <= 90, step
    assert {step.stem for step in (ROOT / "steps").glob("*.py")} == set(BY_NAME)
    assert len((ROOT / "run.sh").read_text().splitlines()) <= 120


def test_the_light_parts_do_not_import_torch() -> None:
    """Each takes seconds to import: a command that fails or prints a phoneme does without them."""
    code = (
        "import sys; from moien import cli, commands; from moien.recipe import settings, runner;"
        "from moien.corpus import datadir; from moien.text.lb import LBG2P, unknown;"
        "from moien import synth; from moien.export import engine;"
        "from moien.text.lb.model import LetterModel;"
        "LetterModel.open().read('moien'); LBG2P()('Moien');"
        "print(*{'torch', 'transformers', 'kokoro', 'matplotlib'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not done.stdout.split()


@pytest.mark.parametrize("folder", [".", "recipes"])
def test_dvc_yaml_is_the_table_of_stages(folder: str) -> None:
    file = ROOT / folder / "dvc.yaml"
    made = yaml.safe_load(file.read_text())
    graph = made["stages"]
    recipes = yaml.safe_load(file.with_name("params.yaml").read_text())["recipes"]
    for part in (made["metrics"], made["plots"]):
        paths = [path for row in part for path in ([row] if isinstance(row, str) else row)]
        assert [Path(path).parts[-3 if part is made["metrics"] else -5] for path in paths] == list(recipes)
    for stage in graph.values():
        assert stage["foreach"] == "${recipes}"
        assert stage["do"].pop("wdir", ".") == (".." if folder == "recipes" else ".")
    provenance = graph.pop("provenance")["do"]
    [written] = provenance["outs"][0]
    assert written == "exp/${key}/provenance.json" and provenance["always_changed"]
    assert provenance["cmd"] == "./run.sh --recipe ${key} --provenance"
    with_output = [stage for stage in STAGES if stage.output]
    assert list(graph) == [stage.name for stage in with_output]
    for stage in with_output:
        row = graph[stage.name]["do"]
        assert row["cmd"] == f"./run.sh --recipe ${{key}} --stage {stage.number} --stop-stage {stage.number}"
        # without persist, DVC removes what lies there before it runs the command
        assert row["outs"] == [{stage.output.replace("/R", "/${key}"): {"persist": True}}]  # type: ignore[union-attr]
        folders = {BY_NAME[name].output.replace("/R", "/${key}") for name in stage.inputs}  # type: ignore[union-attr]
        assert set(row["deps"]) == {f"steps/{stage.name}.py"} | folders
        assert row["params"] == [{written: [stage.name]}]


def test_no_recipe_is_in_both_graphs() -> None:
    """`dvc repro` makes the quick ones; the others only by name."""
    quick, named = (
        yaml.safe_load((ROOT / folder / "params.yaml").read_text())["recipes"] for folder in (".", "recipes")
    )
    assert "mini" in quick and "lb" in named and not set(quick) & set(named)


def test_no_group_has_a_possessive_quantifier():
    """Python 3.11.2, which Debian 12 has, does not go back over a group that failed half-way: `(?>(?:…)*)` does."""
    lines = [
        (file, line)
        for file in (ROOT / "moien").rglob("*.py")
        for line in file.read_text("utf-8").splitlines()
    ]
    assert not [found for found in lines if re.search(r"\)([*+?]|\{[0-9,]+\})\+", found[1])]
