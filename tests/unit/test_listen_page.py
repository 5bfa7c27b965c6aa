"""The listening test in a browser, each kind by the keyboard alone."""

from __future__ import annotations

import itertools
import threading
import time
from contextlib import contextmanager

import browser
import pytest
from made_up import speech

from moien.audio import write_wav
from moien.listen.design import Test, load_sounds, pair_systems, read_folders
from moien.listen.server import Server
from moien.listen.store import Store

SYSTEMS = ("recordings", "zebra-tts")


@contextmanager
def opened(kind, folder):
    """A page on a test of two sentences by two systems, its store, and the test."""
    program = browser.find()
    if program is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    for number, system in enumerate(SYSTEMS):
        (folder / system).mkdir()
        for sentence in range(2):
            write_wav(folder / system / f"s{sentence}.wav", speech(0.5, seed=2 * number + sentence))
    systems = pair_systems(read_folders([folder / system for system in SYSTEMS]), 2)
    test = Test(kind, tuple(systems), tuple(systems[SYSTEMS[0]]), 0)
    store = Store(folder / "answers.sqlite", test)
    server = Server("127.0.0.1", 0, test, load_sounds(systems), store, "")
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        with browser.Page(program, server.address, folder / "profile") as page:
            yield page, store, test
    finally:
        server.shutdown()
        server.server_close()
        store.close()


def wait(page, condition):
    """Until a condition of the page holds; an error after five seconds."""
    look = f"({condition}) ? done() : Date.now() > end ? lost(new Error('never')) : setTimeout(look, 20)"
    page.run(
        f"new Promise((done, lost) => {{ const end = Date.now() + 5000, look = () => {look}; look(); }})"
    )


def listen(page, *keys):
    for key in keys:
        page.press(key)
        wait(page, "document.querySelector('button.playing')")


def onward(page, number):
    wait(page, "!document.getElementById('next').disabled")
    page.press("Enter")
    wait(page, f"document.body.dataset.ready === '{number}'")


def check_blind(page):
    html = page.run("document.documentElement.outerHTML")
    assert not any(name in html + " ".join(page.requests) for name in (*SYSTEMS, "s0", "s1"))
    assert page.complaints == []


def test_opinions_are_given_with_digits(tmp_path):
    with opened("mos", tmp_path) as (page, store, _):
        wait(page, "document.body.dataset.ready === '0'")
        page.press("4")
        wait(page, "document.querySelector('[aria-pressed=true]')?.dataset.value === '4'")
        page.press("Enter")  # not played yet: it stays
        assert page.run("document.getElementById('next').disabled && document.body.dataset.ready") == "0"
        for number in range(4):
            listen(page, " ")
            page.press(str(2 + number % 2))
            onward(page, number + 1 if number < 3 else "over")
        assert "Thank you" in page.run("document.body.textContent")
        page.press("Backspace")  # an answer can be changed
        wait(page, "document.body.dataset.ready === '3'")
        page.press("5")
        wait(page, "document.querySelector('[aria-pressed=true]').dataset.value === '5'")
        check_blind(page)
        values = [value for *_, value in store.answers()]
        assert values == [2, 3, 2, 5]
        page.call("Page.reload")
        wait(page, "document.body?.dataset.ready === 'over'")


def test_preferences_are_given_with_digits(tmp_path):
    with opened("ab", tmp_path) as (page, store, test):
        wait(page, "document.body.dataset.ready === '0'")
        for number, key in enumerate("20"):
            listen(page, "a", "b")
            page.press(key)
            onward(page, number + 1 if number < 1 else "over")
        check_blind(page)
        (listener,) = {row[0] for row in store.answers()}
        first, second = test.trials(listener)
        assert [row[1:] for row in store.answers()] == [
            (first.sentence, *first.systems, -1),
            (second.sentence, *second.systems, 0),
        ]


def test_sliders_are_moved_with_arrows(tmp_path, monkeypatch):
    save, calls = Store.save, itertools.count()

    def slowly(*arguments):
        time.sleep(0.0 if next(calls) % 3 else 0.3)  # the first of three answers would be the last to arrive
        return save(*arguments)

    monkeypatch.setattr(Store, "save", slowly)
    with opened("mushra", tmp_path) as (page, store, _):
        wait(page, "document.body.dataset.ready === '0'")
        for number in range(2):
            listen(page, "r", "a")
            for _ in range(3):
                page.press("ArrowRight")
            listen(page, "b")
            page.press("ArrowRight")
            onward(page, number + 1 if number < 1 else "over")
        check_blind(page)
        assert [value for *_, value in store.answers()] == [3, 1, 3, 1]
        assert len({row[2] for row in store.answers()[:2]}) == 2
