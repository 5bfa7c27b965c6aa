"""Runs are compared on the sentences they share, pairwise against the first; the page plays what changed."""

from __future__ import annotations

from dataclasses import replace

import browser
import pytest
from made_up import speech
from rich.console import Console

from moien.audio import write_wav
from moien.errors import WrongCall, WrongData
from moien.report.compare import compare_table, comparison, recordings, verdicts, write_compare
from moien.report.runs import ScoredRun
from moien.score.metrics import METRICS
from moien.score.scored import ScoredSentence
from moien.score.summary import scores_json


def run(name, offset, numbers, text="Moien {}"):
    """A run whose trained voice has `offset` dB more distortion than 5 + its number, over sentences `numbers`."""
    scored = []
    for number in numbers:
        natural = dict.fromkeys(METRICS, 1.0)
        stock = dict.fromkeys(METRICS, 2.0)
        trained = stock | {"mcd_db": 5.0 + number + offset}
        rows = {"natural": natural, "stock": stock, "trained": trained}
        scored.append(ScoredSentence(f"s-{number}", "s", text.format(number), rows))
    return ScoredRun(name, scores_json("mini", f"make {name}", scored, resamples=100, seed=0), scored, None)


@pytest.fixture(scope="module")
def data():
    """The second run is 1 dB nearer in all they share (1 to 4), the third 2 dB farther."""
    return comparison(
        [run("old", 0, range(5)), run("new <b>", -1, range(1, 7)), run("bad", 2, range(1, 5))], 200, 0
    )


def test_only_shared_sentences_count_and_differences_are_paired(data):
    assert [sentence.id for sentence in data.sentences] == ["s-1", "s-2", "s-3", "s-4"]
    assert [fact["alone"] for fact in data.runs] == [1, 2, 0] and data.runs[0]["row"] == "trained"
    assert list(data.scores["rows"]) == ["natural", "old", "new <b>", "bad"]
    assert data.scores["rows"]["old"]["mcd_db"]["mean"] == 7.5
    gain = data.scores["gains"]["new <b>"]["old"]["mcd_db"]
    assert (gain["mean"], gain["low"], gain["high"], gain["better"], gain["n"]) == (1, 1, 1, 1, 4)
    assert data.scores["gains"]["bad"]["old"]["mcd_db"]["mean"] == -2
    assert verdicts(data)[0].startswith(
        "On 4 test sentences, new <b> is better than old in mel-cepstral distortion (7.50 → 6.50 dB);"
    )
    assert "bad is worse than old in mel-cepstral distortion" in verdicts(data)[1]


def test_the_terminal_shows_each_run_against_the_first(data):
    console = Console(width=200)
    with console.capture() as seen:
        console.print(compare_table(data))
    text = seen.get()
    assert "new <b> against old" in text and "bad against old" in text
    assert "better (100% of sentences)" in text and "worse (0% of sentences better)" in text


def test_what_cannot_be_compared_is_refused():
    old = run("old", 0, range(3))
    with pytest.raises(WrongCall, match="one run"):
        comparison([old], 10, 0)
    with pytest.raises(WrongCall, match="one name"):
        comparison([old, old], 10, 0)
    with pytest.raises(WrongData, match="no sentence in common"):
        comparison([old, run("new", 0, range(7, 9))], 10, 0)
    with pytest.raises(WrongData, match="'Moien 0' in old, 'Äddi 0' in new"):
        comparison([old, run("new", 0, range(3), "Äddi {}")], 10, 0)


def test_the_page_plays_the_runs_and_sorts_by_what_changed(data, tmp_path):
    for seed, row in enumerate(("natural", "old", "new", "bad")):
        (tmp_path / row / "trained").mkdir(parents=True)
        for number in (1, 2, 3):
            write_wav(tmp_path / row / "trained" / f"s-{number}.wav", speech(0.5 + 0.1 * seed, seed=seed))
    (tmp_path / "bad" / "trained" / "s-3.wav").unlink()
    runs = [
        replace(run(name, offset, range(1, 5)), sounds=tmp_path / folder)
        for name, folder, offset in (("old", "old", 0), ("new <b>", "new", -1), ("bad", "bad", 2))
    ]
    assert recordings(data, {}) == []  # these have no sounds
    data = comparison(runs, 200, 0)
    natural = {f"s-{number}": tmp_path / "natural" / "trained" / f"s-{number}.wav" for number in (1, 2, 3)}
    assert list(recordings(data, {})[0].recordings) == ["old", "new <b>", "bad"]
    shown = recordings(data, natural)
    assert [sentence.id for sentence in shown] == ["s-1", "s-2"]
    assert list(shown[0].recordings) == ["natural", "old", "new <b>", "bad"]
    page = tmp_path / "compare.html"
    write_compare(page, data, shown, "lb")
    html = page.read_text(encoding="utf-8")
    assert "new &lt;b&gt;" in html and "new <b>" not in html and "2 of 4 sentences are here" in html
    write_compare(tmp_path / "silent.html", data)
    assert "stage 7 makes them again" in (tmp_path / "silent.html").read_text(encoding="utf-8")
    program = browser.find()
    if program is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    with browser.Page(program, page.as_uri(), tmp_path / "profile") as opened:
        rows = opened.run(
            "[...document.querySelectorAll('#sentences li:first-child figure')].map(f => f.dataset.row)"
        )
        assert rows == ["natural", "old", "new <b>", "bad"]
        orders = opened.run("[...document.getElementById('order').options].map(option => option.text)")
        assert orders[:2] == ["new <b>: worst against old first", "new <b>: best against old first"]
        playing = opened.run("""(async () => {
          const audio = document.querySelector('#sentences figure:nth-child(3) audio');
          audio.closest('figure').querySelector('.play').click();
          await new Promise(done => audio.addEventListener('playing', done));
          return !audio.paused;
        })()""")
        assert playing and opened.complaints == []
