"""Listening tests: blind, balanced, safe against a killed server and a curious neighbour; results as by hand."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections import Counter

import numpy as np
import pytest
import soundfile
from made_up import call, speech

from moien.audio import SAMPLE_RATE, write_wav
from moien.cli import main
from moien.errors import WrongCall, WrongData
from moien.listen.design import Test, load_sounds, pair_systems, read_folders
from moien.listen.results import results, results_json
from moien.listen.server import Server
from moien.listen.store import Store
from moien.recipe.settings import ROOT

SYSTEMS = ("recordings", "zebra-tts")


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Two systems, three sentences; the second is louder and begins later."""
    folder = tmp_path_factory.mktemp("systems")
    for number, system in enumerate(SYSTEMS):
        (folder / system).mkdir()
        for sentence in range(3):
            samples = speech(0.7, seed=sentence) * (0.3 + 0.6 * number)
            late = np.concatenate([np.zeros(12_000 * number, np.float32), samples])
            write_wav(folder / system / f"s{sentence}.wav", late)
    return [folder / system for system in SYSTEMS]


@pytest.mark.parametrize(("kind", "screens", "systems"), [("mos", 8, 1), ("ab", 4, 2), ("mushra", 4, 2)])
def test_everybody_hears_everything_in_another_order(kind, screens, systems):
    test = Test(kind, ("a", "b"), ("1", "2", "3", "4"), 0)
    trials = test.trials("anna")
    assert len(trials) == screens and all(len(trial.systems) == systems for trial in trials)
    assert trials == test.trials("anna")
    orders = {tuple(test.trials(f"listener {n}")) for n in range(20)}
    assert len(orders) > 15
    heard = Counter((trial.sentence, system) for trial in trials for system in trial.systems)
    assert set(heard.values()) == {1}


def test_each_system_comes_first_equally_often():
    test = Test("ab", ("a", "b", "c"), ("1",), 0)
    sides = Counter(trial.systems for n in range(300) for trial in test.trials(str(n)))
    assert len(sides) == 6 and min(sides.values()) > 110


def test_nothing_in_a_sound_says_whose_it_is(folders):
    sounds = load_sounds(pair_systems(read_folders(folders), 3))
    waves = {}
    for key, wav in sounds.items():
        waves[key], rate = soundfile.read(io.BytesIO(wav))
        assert rate == SAMPLE_RATE and b"zebra" not in wav
    for sentence in ("s0", "s1", "s2"):  # the same speech: the pause in front and the level are gone
        ours, theirs = (waves[system, sentence] for system in SYSTEMS)
        assert abs(len(ours) - len(theirs)) <= 600
        assert np.std(ours) == pytest.approx(np.std(theirs), rel=0.05)


def test_what_cannot_be_tested_is_named(folders, tmp_path):
    with pytest.raises(WrongCall, match="two systems"):
        pair_systems(read_folders(folders[:1]), 3)
    (tmp_path / "x").mkdir()
    with pytest.raises(WrongData, match="no audio"):
        read_folders([folders[0], tmp_path / "x"])
    write_wav(tmp_path / "x" / "s0.wav", np.zeros(24_000))
    with pytest.raises(WrongData, match="2 of 3 sentences are missing: s1, s2"):
        pair_systems(read_folders([folders[0], tmp_path / "x"]), 3)
    result = call(main, "listen", folders[0], tmp_path / "x", "--db", tmp_path / "a.sqlite")
    assert result.exit_code == 1 and "s1, s2" in result.output
    with pytest.raises(WrongData, match="s0"):
        load_sounds({"x": {"s0": tmp_path / "x" / "s0.wav"}})
    assert call(main, "listen").exit_code == 2
    assert call(main, "listen", folders[0], "--recipe", "mini").exit_code == 2
    assert call(main, "listen", "--results", "--db", tmp_path / "none.sqlite").exit_code == 1


def test_results_are_the_means_of_sentences(tmp_path):
    test = Test("ab", ("a", "b"), ("1", "2", "3", "4"), 0)
    store = Store(tmp_path / "ab.sqlite", test)
    for listener in ("x", "y"):
        store.enter(listener)
        for number, trial in enumerate(test.trials(listener)):
            better = {"1": "a", "2": "a", "3": "b", "4": ""}[trial.sentence]
            value = 0 if not better else 1 if trial.systems[0] == better else -1
            store.save(listener, number, trial, 0, value)
    (found,) = results(store)
    assert (found.system, found.other, found.listeners) == ("a", "b", 2)
    assert (found.won, found.lost, found.tied) == (0.5, 0.25, 0.25)
    assert found.rating.mean == 0.25 and found.rating.n == 4
    assert found.rating.low < 0 < found.rating.high


def test_an_answer_that_is_changed_counts_once(tmp_path):
    test = Test("mos", ("a", "b"), ("1",), 0)
    store = Store(tmp_path / "mos.sqlite", test)
    store.enter("x", "Anna")
    for value in (1, 4):
        for number, trial in enumerate(test.trials("x")):
            store.save("x", number, trial, 0, value)
    assert [fact["rating"]["mean"] for fact in results_json(store)["results"]] == [4, 4]
    assert store.name("x") == "Anna"
    result = call(main, "listen", "--results", "--db", tmp_path / "mos.sqlite")
    assert result.exit_code == 0 and "4.00" in result.output


def test_answers_of_another_test_stay_as_they_are(tmp_path):
    Store(tmp_path / "t.sqlite", Test("mos", ("a", "b"), ("1",), 0)).close()
    with pytest.raises(WrongData, match="kind: 'mos', now 'ab'"):
        Store(tmp_path / "t.sqlite", Test("ab", ("a", "b"), ("1",), 0))
    with pytest.raises(WrongData, match="sounds: '', now 'x'"):  # the voice was trained again
        Store(tmp_path / "t.sqlite", Test("mos", ("a", "b"), ("1",), 0, "x"))
    (tmp_path / "no.sqlite").write_text("this is no database, but long enough to be looked at" * 9)
    with pytest.raises(WrongData, match="not a file of answers"):
        Store(tmp_path / "no.sqlite", Test("mos", ("a", "b"), ("1",), 0))


def test_the_database_of_another_program_is_left_alone(tmp_path):
    file = tmp_path / "music.db"
    with sqlite3.connect(file) as db:
        db.execute("CREATE TABLE answers (song)")
    before = file.read_bytes()
    with pytest.raises(WrongData, match="the database of another program"):
        Store(file, Test("mos", ("a", "b"), ("1",), 0))
    assert file.read_bytes() == before


class Visitor:
    """A browser without a window: keeps cookies, sends what it is told."""

    def __init__(self, address: str) -> None:
        self.address, self.cookies = address, {}

    def ask(self, path: str, facts: object = None, **headers: str):
        data = None if facts is None else facts if isinstance(facts, bytes) else json.dumps(facts).encode()
        sent = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())} | headers
        if data is not None:
            sent.setdefault("Origin", self.address.rstrip("/"))
        request = urllib.request.Request(self.address.rstrip("/") + path, data, sent)
        opener = urllib.request.build_opener(NoRedirect)
        try:
            response = opener.open(request, timeout=20)
        except urllib.error.HTTPError as error:
            response = error
        for line in response.headers.get_all("Set-Cookie") or []:
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
            assert "HttpOnly" in line and "SameSite=Strict" in line
        return response.status, response.read(), response.headers


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


@pytest.fixture
def serve(folders, tmp_path):
    running = []

    def start(token=""):
        systems = pair_systems(read_folders(folders), 3)
        test = Test("mos", tuple(systems), tuple(systems["recordings"]), 0)
        store = Store(tmp_path / "serve.sqlite", test)
        server = Server("127.0.0.1", 0, test, load_sounds(systems), store, token)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        running.append(server)
        return server, Visitor(f"http://127.0.0.1:{server.server_address[1]}/")

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


def test_the_browser_never_hears_a_name(serve):
    _, visitor = serve()
    seen = b""
    for path in ("/", "/listen.js", "/listen.css", "/state", "/trial/0", "/sound/0/0"):
        status, body, headers = visitor.ask(path)
        assert status == 200, path
        seen += (b"" if path.startswith("/sound") else body) + str(
            headers
        ).encode()  # samples may spell anything
        assert "default-src 'none'" in headers["Content-Security-Policy"]
    for name in (*SYSTEMS, "s0", "s1", "s2"):
        assert name.encode() not in seen.replace(b"nosniff", b""), name


def test_strangers_are_refused(serve):
    _, visitor = serve()
    assert visitor.ask("/state")[0] == 403  # who has not opened the page
    visitor.ask("/")
    answer = {"trial": 0, "position": 0, "value": 3}
    assert visitor.ask("/state", Host="evil.example")[0] == 403  # a name that was bent to this address
    assert visitor.ask("/answer", answer, Origin="http://evil.example")[0] == 403
    assert visitor.ask("/answer", answer, Origin="")[0] == 403
    assert visitor.ask("/answer", b"x" * 5000)[0] == 413
    wrong_facts = [
        {"value": 6},
        {"value": "3"},
        {"value": float("nan")},
        {"trial": 99},
        {"trial": -1},
        {"position": 1},
    ]
    for wrong in (b"no json", b"[]", {"trial": 0}, *(answer | facts for facts in wrong_facts)):
        assert visitor.ask("/answer", wrong)[0] == 400, wrong
    for path in ("/trial/99", "/trial/x", "/sound/0/9", "/../etc/passwd", "/nothing"):
        assert visitor.ask(path)[0] == 404, path
    assert json.loads(visitor.ask("/state")[1])["first"] == 0


def test_a_token_opens_the_door_and_leaves_the_address(serve):
    server, visitor = serve(token="s3cret")
    assert server.address.endswith("/?token=s3cret")
    assert visitor.ask("/")[0] == 403 and visitor.ask("/?token=wrong")[0] == 403
    status, _, headers = visitor.ask("/?token=s3cret")
    assert status == 303 and headers["Location"] == "/"
    assert visitor.ask("/")[0] == 200 and visitor.ask("/state")[0] == 200


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def start(folders, db, port):
    command = [
        sys.executable,
        "-m",
        "moien",
        "listen",
        *map(str, folders),
        "--db",
        str(db),
        "--port",
        str(port),
    ]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert process.stdout
    for line in process.stdout:
        if line.startswith("open http"):
            return process
    raise AssertionError("the server did not start")


def test_a_killed_server_has_lost_nothing(folders, tmp_path):
    port, db = free_port(), tmp_path / "kill.sqlite"
    process = start(folders, db, port)
    visitor = Visitor(f"http://127.0.0.1:{port}/")
    visitor.ask("/")
    for trial in range(4):
        assert visitor.ask("/answer", {"trial": trial, "position": 0, "value": 1 + trial})[0] == 200
    process.kill()
    process.wait()

    process = start(folders, db, port)
    try:
        assert json.loads(visitor.ask("/state")[1])["first"] == 4
        assert json.loads(visitor.ask("/trial/2")[1])["values"] == [3]
        again = call(main, "listen", *folders, "--db", tmp_path / "other.sqlite", "--port", port)
        assert again.exit_code == 2 and "cannot listen" in again.output
    finally:
        process.send_signal(signal.SIGINT)
        rest = process.communicate(timeout=10)[0]
    assert process.returncode == 0 and f"answers: {db}" in rest
