from __future__ import annotations

import json
import subprocess
import sys

import pytest
from made_up import ROOT, call, load_program

from moien.errors import WrongCall
from moien.score.metrics import METRICS

PROGRAMS = [str(p) for part in ("local", "tools", "utils") for p in sorted((ROOT / part).glob("*.py"))]
# Each program as Python runs it, one after another in one process; its exit code and what it imports, between tabs.
HELP = """
import os, runpy, sys
for path in sys.argv[1:]:
    sys.argv, sys.path[0] = [path, "--help"], os.path.dirname(path)
    try:
        runpy.run_path(path, run_name="__main__")
        code = "no exit"
    except SystemExit as end:
        code = end.code or 0
    heavy = {"torch", "transformers", "kokoro", "librosa", "matplotlib"} & set(sys.modules)
    print(f"\\n{path}\\t{code}\\t{' '.join(heavy)}")
"""


def test_every_program_has_help_and_imports_nothing_heavy_for_it(tmp_path):
    command = [sys.executable, "-c", HELP, *PROGRAMS]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    rows = [line.split("\t") for line in done.stdout.splitlines() if line.count("\t") == 2]
    assert [path for path, _, _ in rows] == PROGRAMS
    assert done.stdout.count("Usage:") == len(PROGRAMS)
    for path, code, heavy in rows:
        assert code == "0", path
        assert not heavy, f"{path} imports {heavy}"


def test_results_are_shown(tmp_path):
    def estimate(mean: float) -> dict[str, object]:
        return {name: {"mean": mean, "low": mean, "high": mean, "n": 3} for name in METRICS}

    gain = {"mean": 1, "low": 0.5, "high": 2, "n": 3, "better": 1.0, "needed": 2}
    scores = {
        "recipe": "mini",
        "command": "./run.sh --recipe mini",
        "rows": {"natural": estimate(1.0), "stock": estimate(2.0), "trained": estimate(3.0)},
        "gains": {"trained": {"stock": dict.fromkeys(METRICS, gain)}},
        "missing": [],
    }
    file = tmp_path / "scores.json"
    file.write_text(json.dumps(scores | {"recipe": "any", "command": "./run.sh --recipe any"}))
    program = load_program("utils/show_results.py")
    result = call(program.main, file)
    assert result.exit_code == 0 and "trained voice is better than stock" in result.output
    log = tmp_path / "decode.log"
    log.write_text(
        "# call\ntrained: 2.0 s of speech in 1.0 s: real-time factor 0.50\npeak memory 1.2 GB\n# 9 s\n"
    )
    assert program.cost(log) == log.read_text().splitlines()[1:3] and program.cost(tmp_path / "no.log") == []
    result = call(program.main, tmp_path / "none.json")
    assert result.exit_code == 1 and "there are no scores yet" in result.output

    readme = tmp_path / "README.md"  # the table stands between the marks and can be written again
    readme.write_text(f"before\n{program.BEGIN}\nold\n{program.END}\nafter\n")
    made = json.loads(file.read_text())
    for _ in range(2):
        program.write_readme(readme, "any", made)
    text = readme.read_text()
    assert text.startswith("before\n") and text.endswith("\nafter\n") and "old" not in text
    assert text.count("Made by `./run.sh --recipe any`") == 1
    readme.write_text("no marks")
    with pytest.raises(WrongCall, match="marks"):
        program.write_readme(readme, "any", made)
