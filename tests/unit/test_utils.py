from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from made_up import ROOT, call, load_program

from moien.errors import WrongData
from moien.score import METRICS

PROGRAMS = sorted(str(p.relative_to(ROOT)) for part in ("local", "utils") for p in (ROOT / part).glob("*.py"))


@pytest.mark.parametrize("path", PROGRAMS)
def test_help_answers_at_once(path, tmp_path):
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, ROOT / path, "--help"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0 and "Usage:" in done.stdout
    assert time.perf_counter() - start < 4  # 0.3 s alone; a machine that runs other tests beside it is slower


def test_results_are_shown(tmp_path):
    def estimate(mean: float) -> dict[str, object]:
        return {name: {"mean": mean, "low": mean, "high": mean, "n": 3} for name in METRICS}

    scores = {
        "recipe": "mini",
        "command": "./run.sh --recipe mini",
        "rows": {"natural": estimate(1.0), "stock": estimate(2.0), "trained": estimate(3.0)},
        "gain_of_trained_over_stock": {name: {"mean": 1, "low": 0.5, "high": 2, "n": 3} for name in METRICS},
    }
    (tmp_path / "any" / "score").mkdir(parents=True)
    (tmp_path / "any" / "score" / "scores.json").write_text(json.dumps(scores))
    main = load_program("utils/show_results.py").main
    for names in (["any"], []):
        result = call(main, *names, "--exp", tmp_path)
        assert result.exit_code == 0 and "trained voice is better than stock" in result.output
    result = call(main, "none", "--exp", tmp_path)
    assert result.exit_code == 1 and "there are no scores yet" in result.output


def test_the_table_of_a_readme_is_replaced_between_its_markers(tmp_path: Path) -> None:
    program = load_program("utils/show_results.py")
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{program.BEGIN}\nold\n{program.END}\nafter\n")
    program.insert(readme, "new")
    program.insert(readme, "newer")
    assert readme.read_text() == f"before\n{program.BEGIN}\nnewer\n{program.END}\nafter\n"
    readme.write_text("no markers")
    with pytest.raises(WrongData, match="markers"):
        program.insert(readme, "new")
