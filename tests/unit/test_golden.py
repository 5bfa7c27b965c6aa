"""The record of the micro recipe complains about each way to forget a version, and about nothing else."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import micro_golden
import pytest

HERE = {"cpu": "one", "torch": "2"}


def entry(name: str) -> dict:
    return {"version": 1, "given": f"{name} given", "outline": f"{name} outline", "digest": f"{name} digest"}


@pytest.fixture
def now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict:
    """What a run wrote, recorded."""
    monkeypatch.setattr(micro_golden, "FILE", tmp_path / "micro.json")
    record = {"platform": HERE, "stages": {name: entry(name) for name in ("data", "g2p", "align")}}
    write(record, monkeypatch)
    return copy.deepcopy(record)


def write(record: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("MOIEN_GOLDEN", "write")
        micro_golden.check(record)
    assert json.loads(micro_golden.FILE.read_text()) == record


def test_the_same_output_passes(now):
    micro_golden.check(now)


@pytest.mark.parametrize("part", ["outline", "digest"])
@pytest.mark.parametrize("stage", ["data", "g2p", "align"])
def test_another_output_of_the_same_version_is_named_and_cannot_be_recorded(now, monkeypatch, stage, part):
    now["stages"][stage][part] = "another"
    named = rf"the output of stage {stage} changed: raise its version .*versions\.py and run `make golden`"
    with pytest.raises(AssertionError, match=named):
        micro_golden.check(now)
    with pytest.raises(AssertionError, match=named):
        write(now, monkeypatch)
    now["stages"][stage]["version"] = 2
    with pytest.raises(AssertionError, match="run `make golden`"):
        micro_golden.check(now)
    write(now, monkeypatch)
    micro_golden.check(now)


def test_the_first_stage_is_named_not_those_that_read_its_output(now):
    now["stages"]["data"] |= {"digest": "another", "version": 2}
    now["stages"]["align"] |= {"digest": "another", "given": "another"}
    with pytest.raises(AssertionError, match="is not of these versions and settings"):
        micro_golden.check(now)


def test_on_another_machine_last_bits_do_not_count_but_phonemes_and_files_do(now):
    now["platform"] = {"cpu": "another", "torch": "2"}
    for stage in ("data", "align"):
        now["stages"][stage] |= {"digest": "another", "given": "another"}
    micro_golden.check(now)
    for stage, part in (("g2p", "digest"), ("align", "outline")):
        other = copy.deepcopy(now)
        other["stages"][stage][part] = "another"
        with pytest.raises(AssertionError, match=f"the output of stage {stage} changed"):
            micro_golden.check(other)
    now["stages"]["align"]["version"] = 2
    with pytest.raises(AssertionError, match="run `make golden`"):
        micro_golden.check(now)


def test_another_machine_may_record_its_own_bytes(now, monkeypatch):
    now["platform"] = {"cpu": "another", "torch": "3"}
    now["stages"]["align"]["digest"] = "another"
    write(now, monkeypatch)
