"""The recipe on the real Kokoro-82M, as a user calls it: every stage in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings
from pathlib import Path

import micro_golden
import numpy as np
import pytest
from micro import Micro, on_a_full_disk

from moien.recipe.settings import ROOT
from moien.recipe.stages import STAGES

pytestmark = pytest.mark.weights


def test_every_stage_leaves_a_manifest_and_a_log(real_micro: Micro) -> None:
    for stage in STAGES:
        log = (real_micro.work_dir / "exp" / "micro" / "log" / f"{stage.name}.log").read_text()
        assert log.startswith("# ") and f"steps/{stage.name}.py" in log.splitlines()[0]
        assert log.rstrip().endswith("exit code 0")
        if stage.output:
            folder = real_micro.output(stage)
            made = json.loads((folder / "manifest.json").read_text())
            assert made["outputs"]
            assert not list(folder.parent.glob(".*.tmp"))


def test_a_stage_whose_output_changed_has_a_new_version(real_micro: Micro) -> None:
    micro_golden.check(micro_golden.look(real_micro))


def test_the_scores_have_all_rows_and_the_page_is_one_file(real_micro: Micro) -> None:
    folder = real_micro.work_dir / "exp" / "micro" / "score"
    scores = json.loads((folder / "scores.json").read_text())
    assert list(scores["rows"]) == ["natural", "recorded", "espeak", "stock", "trained"]
    names = (
        "mcd_db log_f0_rmse f0_std_semitones voicing_error duration_ratio similarity dvector_similarity dnsmos_ovrl "
        "distillmos plcmos tone_excess_db phone_error"
    ).split()
    for row in ("espeak", "stock", "trained"):
        for name in names:
            value = scores["rows"][row][name]
            assert value["n"] == 2
            assert value["low"] <= value["mean"] <= value["high"]
        versa = scores["versa"][row]
        assert set(versa) == {"mcd", "f0_corr", "spk_similarity", "dnsmos_overall", "plcmos"}
        assert versa["mcd"] == scores["rows"][row]["mcd_db"]["mean"]
    means = json.loads((folder / "metrics.json").read_text())
    assert means == {name: value["mean"] for name, value in scores["rows"]["trained"].items()}
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "<audio" in page
    assert 'src="http' not in page and 'href="http' not in page.replace('href="https://', "")
    for word in ("natural", "stock", "trained", "duration ratio"):
        assert word in real_micro.printed.lower()


def test_stock_kokoro_opens_the_voice_and_speaks(real_micro: Micro) -> None:
    import torch
    from kokoro import KModel, KPipeline

    voice = real_micro.work_dir / "exp" / "micro" / "voice"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = KModel(
            repo_id="local", config=str(voice / "config.json"), model=str(voice / "model.pth")
        ).eval()
    weights = torch.load(voice / "model.pth", map_location="cpu", weights_only=True)
    for part, tensors in weights.items():  # strict: no tensor skipped, none left over
        names = {name.removeprefix("module.") for name in tensors}
        mine = getattr(model, part).state_dict()
        assert names <= set(mine)
        assert all("norm." in name for name in set(mine) - names)
        assert all(
            torch.equal(mine[name.removeprefix("module.")], tensor) for name, tensor in tensors.items()
        )
    pipeline = KPipeline(lang_code="e", repo_id="local", model=model)
    for pack in sorted((voice / "voices").glob("*.pt")):
        [spoken] = list(pipeline.generate_from_tokens("mˈoiən.", voice=str(pack)))
        audio = spoken.audio.numpy()
        assert np.isfinite(audio).all() and 0.01 < np.abs(audio).max() < 1.5


def test_onnxruntime_speaks_as_stock_kokoro_does(real_micro: Micro) -> None:
    import onnxruntime
    import torch
    from kokoro import KModel

    from moien.kokoro.symbols import encode

    voice = real_micro.work_dir / "exp" / "micro" / "voice"
    model = KModel(repo_id="local", config=str(voice / "config.json"), model=str(voice / "model.pth")).eval()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(voice / "onnx" / "model.onnx"), options)
    packs = np.load(voice / "onnx" / "voices.bin")
    assert sorted(packs) == sorted(path.stem for path in (voice / "voices").glob("*.pt"))
    for name, pack in packs.items():
        phonemes = "mˈoiən, vˈiː ɡˈeːt ˈət?"
        style = pack[len(phonemes) - 1]
        feed = {
            "input_ids": np.array([encode(phonemes)]),
            "style": style,
            "speed": np.ones(1, np.float32),
        }
        audio, durations, _ = session.run(None, feed)
        stock = model(phonemes, torch.from_numpy(style), return_output=True)
        assert np.array_equal(durations, stock.pred_dur.numpy()), name
        assert len(audio) == len(stock.audio)
        assert abs(np.log10(audio.std() / stock.audio.numpy().std())) < 0.02, "0.4 dB"


def test_the_packed_voice_speaks_without_torch(real_micro: Micro, tmp_path: Path) -> None:
    import soundfile

    voice = real_micro.work_dir / "exp" / "micro" / "voice"
    speaker = min(path.stem for path in (voice / "voices").glob("*.pt"))
    options = ["--voice", str(voice), "--speaker", speaker, "-o", str(tmp_path / "moien.flac")]
    code = (
        "import sys; from moien.cli import main; main(sys.argv[1:], standalone_mode=False);"
        "print(*{'torch', 'kokoro', 'transformers', 'scipy'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "say", "Moien, wéi geet et?", *options],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert done.stdout.splitlines()[-1] == "", done.stdout
    samples, rate = soundfile.read(tmp_path / "moien.flac")
    assert rate == 24_000 and len(samples) % 600 == 0 and 0.02 < abs(samples).max() <= 1


def test_what_was_forgotten_is_scored_against_the_base(real_micro: Micro) -> None:
    weights = real_micro.work_dir / "exp" / "micro" / "train" / "model.pth"
    program = ROOT / "tools" / "score_forgetting.py"
    result = real_micro.fork(program, "--base", "pypi", weights, "--sentences", "1", "--lessons", "2")
    assert result.returncode == 0, result.stdout + result.stderr
    [heading, _, base, trained] = [
        [cell.strip() for cell in line.split("|")]
        for line in result.stdout.splitlines()
        if line.startswith("|")
    ]
    [duration] = [column for column, name in enumerate(heading) if name.startswith("Duration ratio")]
    assert base[duration] == "1.00", "the base speaks twice in one time"
    assert trained[1] == f"`{weights}`"
    assert trained[2:] != base[2:]


def test_a_full_disk_is_named_and_nothing_is_left_behind(real_micro: Micro, tiny_disk: Path) -> None:
    on_a_full_disk(real_micro, tiny_disk, "pack")
