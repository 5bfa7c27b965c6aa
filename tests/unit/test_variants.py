"""The table of the choices of several trainings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tools.variants import choices_table


def trained(folder: Path, chosen: int, shut: list[str], mos: dict[float, float], kept: bool = True) -> Path:
    """The folder of a training that tried these α of the decoder, with these values of DistillMOS."""
    rows: list[dict[str, Any]] = [
        {"predictor": 1.0, "decoder": alpha, "scores": {"distillmos": value, "similarity": alpha}}
        for alpha, value in mos.items()
    ]
    folder.mkdir()
    facts = {"chosen": chosen, "shut": shut, "quality_kept": kept, "sentences": ["a", "b"]}
    recorded = {"recorded": {"distillmos": 4.0, "similarity": 0.9}, "candidates": rows}
    (folder / "choice.json").write_text(json.dumps(facts | recorded))
    return folder


def test_candidates_have_mean_and_standard_deviation_over_trainings(tmp_path: Path) -> None:
    table = choices_table(
        {
            "one": trained(tmp_path / "1", 0, [], {0.6: 3.8, 1.0: 3.5}),
            "two": trained(
                tmp_path / "2", 1, ["artefacts", "melody"], {0.6: 3.9, 1.0: 3.7, 0.3: 4}, kept=False
            ),
        }
    ).splitlines()
    one, two = table[2:4]
    assert one.startswith("- one: ") and one.endswith("α 1 for the predictor and 0.6 for the decoder.")
    assert two.startswith("- two: ") and "artefacts" in two and "melody" in two and "did harm" in two
    assert "2 dev sentences" in table[0]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table if line.startswith("| pred")]
    assert rows == [
        ["predictor 1, decoder 0.6", "3.85 ± 0.071", "0.600 ± 0.0000"],
        ["predictor 1, decoder 1", "3.60 ± 0.141", "1.000 ± 0.0000"],
    ], "0.3 was tried by one training only"
