"""What `moien conform` calls equal, and how it runs a program: by one that is made up."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import numpy as np
import pytest
from made_up import call

from moien.cli import main
from moien.conform import runtimes, table
from moien.conform.cases import TOO_LONG, cases
from moien.conform.runtimes import KOKORO, RUNTIMES, Run, Runtime
from moien.conform.verdict import judge, level_db
from moien.errors import WrongData
from moien.kokoro.symbols import MAX_PHONEMES, VOCAB, encode

SHERPA = Runtime("a 1", "a", ("a==1",), longest=400)
PHONEMES = {"short": "mɔi", "longest": "a" * MAX_PHONEMES, "too long": "a" * 2 * MAX_PHONEMES}


def noise(samples: int, seed: int) -> np.ndarray:
    """A tone, and a hundredth of noise."""
    tone = np.sin(np.arange(samples) / 20)
    return (tone + 0.01 * np.random.default_rng(seed).standard_normal(samples)).astype(np.float32)


def spoken(seed: int) -> Run:
    """Kokoro, with other noise for each seed; it refuses what is too long."""
    audio = {"short": noise(3000, seed), "longest": noise(60_000, seed + 9)}
    return Run(
        audio, {"short": [1, 2, 1, 1], "longest": [100]}, {"too long": "AssertionError"}, 1.0, 1.0, 1.0
    )


def verdicts(run: Run, runtime: Runtime = KOKORO) -> dict[str, tuple[str, str]]:
    found = judge(runtime, PHONEMES, run, spoken(1), spoken(2))
    return {name: (verdict.kind, verdict.why) for name, verdict in found.items()}


def changed(**cases: object) -> Run:
    """Kokoro with other samples of some cases."""
    return replace(spoken(3), audio=spoken(3).audio | cases)


def test_other_noise_is_no_difference():
    assert verdicts(spoken(3)) == {
        "short": ("equal", ""),
        "longest": ("equal", ""),
        "too long": ("refused", "AssertionError"),
    }


@pytest.mark.parametrize(
    ("run", "why"),
    [
        (changed(short=noise(2400, 3)), "2400 samples, Kokoro has 3000"),
        (changed(short=noise(3000, 3) * np.nan), "samples that are not finite"),
        (changed(short=noise(3000, 3) * 2), "dB apart, by chance"),
        (changed(short=np.zeros(3000, np.float32)), "dB apart, by chance"),
        (replace(spoken(3), durations={"short": [2, 1, 1, 1], "longest": None}), "other durations"),
        (replace(spoken(3), refused={"short": "ValueError: no", "too long": ""}), "ValueError: no"),
    ],
)
def test_a_difference_is_named(run, why):
    kind, found = verdicts(run)["short"]
    assert kind == "differs" and why in found


def test_a_program_may_split_what_is_longer_than_it_can_read():
    run = changed(longest=noise(66_000, 1), **{"too long": noise(130_000, 1)})
    run = replace(run, durations=dict.fromkeys(run.audio), refused={})
    assert verdicts(run, SHERPA)["longest"] == ("in parts", "1.10 × the length")
    assert verdicts(run, SHERPA)["too long"][0] == "in parts"
    assert verdicts(run)["longest"][0] == "differs"
    assert verdicts(changed(longest=noise(30_000, 1)), SHERPA)["longest"] == ("differs", "0.50 × the length")


def test_the_level_of_a_louder_signal_is_its_gain():
    assert level_db(noise(9000, 1) * 10, noise(9000, 1)) == pytest.approx(20, abs=0.1)


def test_the_cases_can_be_spoken_and_have_every_symbol():
    found = cases()
    assert len(found) == 20 and len(found["too long"]) == TOO_LONG > MAX_PHONEMES
    assert all(len(encode(text)) == len(text) + 2 for name, text in found.items() if name != "too long")
    assert set(found["every symbol"]) == set(VOCAB)
    assert {len(text) for text in found.values()} >= {1, 400, 401, 509, 510}


def test_the_table_has_a_row_for_each_program():
    row = table.Row(
        "a 1", spoken(3), judge(KOKORO, PHONEMES, changed(short=noise(2400, 3)), spoken(1), spoken(2))
    )
    lines = table.markdown([table.kokoro_row("kokoro", spoken(1), spoken(2)), row]).splitlines()
    assert len({line.count("|") for line in lines}) == 1 and len(lines) == 4
    assert "| kokoro | 2 | 0 | 1 |" in lines[2] and "| nothing |" in lines[2]
    assert "| a 1 | 1 | 0 | 1 |" in lines[3] and "short: 2400 samples" in lines[3]


def test_every_program_has_its_function_and_a_version():
    programs = {file.suffix: file.read_text("utf-8") for file in runtimes.PROGRAMS.glob("*.*")}
    for runtime in (KOKORO, *RUNTIMES):
        source = programs[".mjs" if runtime.is_node else ".py"]
        assert (
            f"def {runtime.program}(" in source
            or f'{runtime.program}"()' in source
            or f"{runtime.program}()" in source
        )
        name, version = runtime.name.split()
        assert not runtime.packages or any(version in package for package in runtime.packages), name


def test_a_program_that_ends_is_named_with_its_message(tmp_path):
    with pytest.raises(WrongData, match=r"b 1 ended with 1: KeyError: 'no_such_program'"):
        runtimes.run(Runtime("b 1", "no_such_program"), tmp_path, [])


def test_a_program_that_hangs_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(runtimes, "TIMEOUT_S", 0.01)
    with pytest.raises(WrongData, match=r"kokoro 0.9.4 took more than 0.01 s"):
        runtimes.run(KOKORO, tmp_path, [])


def test_a_package_that_cannot_be_installed_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(runtimes, "cache_dir", lambda: tmp_path)

    def pip(command, **_):
        return subprocess.CompletedProcess(
            command, int("pip" in command), "", "ERROR: no such package\nnotice"
        )

    monkeypatch.setattr(runtimes.subprocess, "run", pip)
    with pytest.raises(WrongData, match="ERROR: no such package"):
        runtimes.environment(Runtime("c 1", "c", ("c==1",)))
    assert not (tmp_path / "conform" / "c-1").exists()


def test_a_wrong_call_or_folder_is_named(tmp_path):
    assert call(main, "conform", tmp_path, "--runtime", "piper").exit_code == 2
    wrong = call(main, "conform", tmp_path)
    assert wrong.exit_code == 1 and "not a voice that stage 9 wrote" in wrong.output
