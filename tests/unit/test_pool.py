"""Work in processes keeps its order and its errors; items are chosen evenly; edits have their places."""

from __future__ import annotations

import os
import signal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moien.edits import edit_distance, edit_path
from moien.errors import WrongData
from moien.evenly import evenly, every_nth
from moien.pool import in_parallel


def half(number: int) -> float:
    if number == 7:
        raise WrongData("seven")
    return number / 2


def threads(_: int) -> int:
    import torch

    return torch.get_num_threads()


def test_the_order_stays_and_an_error_comes_through():
    assert list(in_parallel(half, range(6), 2, "halves")) == [0, 0.5, 1, 1.5, 2, 2.5]
    for jobs in (1, 2):
        found = in_parallel(half, [2, 7, 4], jobs, "halves")
        assert next(found) == 1
        with pytest.raises(WrongData, match="seven"):
            next(found)
    assert list(in_parallel(half, [], 2, "halves")) == []


def die(number: int) -> int:
    if number == 1:
        os.kill(
            os.getpid(), signal.SIGKILL
        )  # what the system does to the largest process when memory is full
    return number


def test_a_process_that_the_system_kills_is_named_as_one():
    with pytest.raises(WrongData, match=r"memory is full(.|\n)*--nj 1"):
        list(in_parallel(die, range(4), 2, "dying"))


def test_torch_has_one_thread_in_each_process():
    assert list(in_parallel(threads, [0], 3, "threads", torch=True)) == [1]


@given(st.integers(0, 50), st.integers(1, 60))
def test_items_are_chosen_evenly(count, most):
    items = list(range(count))
    chosen = evenly(items, most)
    assert len(chosen) == len(set(chosen)) == min(count, most) and chosen == sorted(chosen)
    steps = {b - a for a, b in pairwise(chosen)}
    assert not steps or max(steps) - min(steps) <= 1
    bounded = every_nth(items, count, most)
    assert len(bounded) <= most and len({b - a for a, b in pairwise(bounded)}) <= 1
    assert bounded == items if count <= most else len(bounded) > most / 2


@given(st.text("abc", max_size=9), st.text("abc", max_size=9))
def test_an_edit_path_leads_from_one_to_the_other(reference, found):
    path = edit_path(reference, found)
    assert [i for i, _ in path if i is not None] == list(range(len(reference)))
    assert [j for _, j in path if j is not None] == list(range(len(found)))
    assert edit_distance(reference, found) == edit_distance(found, reference)
    assert edit_distance(reference, reference) == 0


def test_a_substitution_is_one_edit_at_its_place():
    assert edit_path("abc", "xab") == [(None, 0), (0, 1), (1, 2), (2, None)]
    assert edit_path("abcd", "axcd") == [(0, 0), (1, 1), (2, 2), (3, 3)]
