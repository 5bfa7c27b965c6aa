"""The page opens offline, plays, sorts and can be used without a mouse; tables, verdict and card say what is so."""

from __future__ import annotations

import base64
import io
import itertools
import json
import math
import re
from html.parser import HTMLParser
from typing import get_args

import browser
import numpy as np
import pytest
import soundfile
import yaml
from made_up import call, load_program, speech
from PIL import Image
from praatio import textgrid
from rich.console import Console

from moien.audio import SAMPLE_RATE, write_wav
from moien.errors import WrongCall, WrongData
from moien.export.settings import Target
from moien.recipe.settings import load_settings
from moien.report import cards
from moien.report import html as html_module
from moien.report.cards import Annotations, Panel, melody, melody_scale
from moien.report.cards import words as card_words
from moien.report.command import command
from moien.report.curves import curves
from moien.report.durations import Timing
from moien.report.grid import glance, grid, judged
from moien.report.learning import Learning
from moien.report.looks import looks
from moien.report.media import audio_uri, spectrogram, spectrogram_uri
from moien.report.model_card import model_card
from moien.report.page import Run, write_page
from moien.report.plots import plot_scores, plot_spectrograms
from moien.report.spans import Spans, read_spans, spans_of_durations
from moien.report.table import (
    HELD_OUT,
    amount,
    headline,
    in_words,
    judgements,
    markdown_table,
    terminal_table,
    verdict,
)
from moien.score.metrics import METRICS
from moien.score.scored import Details, ScoredSentence
from moien.score.sentences import Problem, Sentence
from moien.score.summary import scores_json
from moien.text import Phonemes, Word

TEXTS = ('Moien <b>Welt</b> & "all"', "D'Wieder ass schéin.", "Äddi!")  # markup in a text must stay text
HISTORY = [
    {"phase": phase, "step": step, "lr": 1e-4, "train": {"mel": 2 / step}, "dev": {"mel": 3 / step}}
    for phase in ("prosody", "acoustic")
    for step in (60, 120)
]
STAGES = {"data": {"counts": {"kept": 9, "dropped": {"too long": 2}}}}
PHONEMES = "mˈɔɪən, vˈælt"
ROWS, SAMPLES = ("natural", "stock", "trained"), ("prosody 60", "acoustic 120")
CHOICE = {
    "chosen": 0,
    "runner_up": 1,
    "quality_kept": True,
    "sentences": ["d-1"],
    "recorded": {"mcd_db": 0.0},
    "candidates": [
        {"predictor": 0.3, "decoder": 0.4, "scores": {"mcd_db": 9.0}},
        {"predictor": 1.0, "decoder": 0.4, "error": "no <speech>"},
    ],
}
WORDS = Word("Moien", "mˈɔɪən", "", 0, 6, "word", 0, 5), Word("Welt", "vˈælt", "", 8, 13, "word", 7, 8)
SAID = Phonemes("Moien, 7", PHONEMES, WORDS)
SPANS = Spans((("Moien", 0.1, 0.4), ("Welt", 0.5, 0.8)), (("m", 0.1, 0.2), ("ɔ", 0.2, 0.4)))
ANNOTATIONS = Annotations({"s-0": {"natural": SPANS}}, {"s-0": SAID})
FRAMES = [2] * (len(PHONEMES) + 2)
TIMINGS = {
    f"s-{n}": Timing(PHONEMES, {row: [*FRAMES[:3], 2 + n + k, *FRAMES[4:]] for k, row in enumerate(ROWS)}, 2)
    for n in range(3)
}


def run_of(folder):
    """What the page tells of the run in `folder`, where two samples of its training lie."""
    sample = Sentence(
        "d-1", "s", "Dev.", {name: folder / f"{name}.wav" for name in SAMPLES}, folder / "dev.wav"
    )
    learning = Learning(sample, {name: f"dev: mel {n}" for n, name in enumerate(SAMPLES, start=1)})
    return Run(
        "lb",
        "CC0 1.0",
        "language: lb\n",
        "torch 2.14.1",
        STAGES,
        HISTORY,
        CHOICE,
        learning,
        annotations=ANNOTATIONS,
        timings=TIMINGS,
    )


WORST = [0.6, 0.2]  # seconds


def values(number: int, better: float) -> dict[str, float]:
    """Scores of a sentence, the further from good the smaller `better` is."""
    good = {"low": 0.0, "high": 4.0, "one": 1.0, "natural": 2.0}
    bad = {"low": 5.0, "high": 1.0, "one": 1.6, "natural": 1.0}
    return {
        name: better * good[m.best] + (1 - better) * (bad[m.best] + 0.01 * number)
        for name, m in METRICS.items()
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Three test sentences, each worse than the one before, one without a recording, and the page of them."""
    folder = tmp_path_factory.mktemp("report")
    scored, sentences = [], []
    for number, text in enumerate((*TEXTS, "Ouni Opnam.")):
        rows = ("natural", "stock", "trained") if number < 3 else ("stock", "trained")
        files = {row: folder / f"{row}-{number}.wav" for row in rows}
        for seed, file in enumerate(files.values()):
            write_wav(file, speech(0.8 + 0.1 * seed, seed=seed))
        natural = files.pop("natural", None)
        sentences.append(Sentence(f"s-{number}", "s", text, files, natural, PHONEMES))
        if natural:
            trained = values(number, 0.9 - 0.2 * number)
            rows = {"natural": values(number, 1.0), "stock": values(number, 0.1), "trained": trained}
            details = {"trained": Details({"mcd_db": WORST}, [1])} if number == 0 else {}
            scored.append(ScoredSentence(f"s-{number}", "s", text, rows, details))
    scored[1].rows["trained"]["log_f0_rmse"] = math.nan  # no voiced speech: sorts last, shows a dash
    lost = [Problem("s-9", "no <sound>")]
    scores = scores_json("mini", "./run.sh --recipe mini", scored, lost, resamples=200, seed=0)
    for name in ("dev", *SAMPLES):
        write_wav(folder / f"{name}.wav", speech(0.6, seed=len(name)))
    write_page(folder / "report.html", scores, scored, sentences, run_of(folder))
    return folder, scores, scored, sentences


@pytest.fixture(scope="module")
def html(made):
    return (made[0] / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(made, tmp_path_factory):
    program = browser.find()
    if program is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    with browser.Page(
        program, (made[0] / "report.html").as_uri(), tmp_path_factory.mktemp("profile")
    ) as opened:
        yield opened


def order(page):
    return page.run(
        "[...document.querySelectorAll('#sentences > li')].map(item => Number(item.dataset.number))"
    )


def test_nothing_is_fetched_and_nothing_complains(page):
    page.run("document.querySelectorAll('img').forEach(image => image.loading = 'eager')")
    seen = page.run(
        "Promise.all([...document.images].map(image => image.decode().then(() => true, () => false)))"
    )
    assert seen == [True] * 14
    outside = [url for url in page.requests if not url.startswith(("data:", "file:"))]
    assert not outside and sum(url.startswith("file:") for url in page.requests) == 1
    assert page.complaints == []


def test_every_player_plays_one_at_a_time(page):
    count = page.run("document.querySelectorAll('figure').length")
    assert count == 3 * 3 + 2 + 3
    assert page.run("document.querySelectorAll('.play').length") == count
    played = page.run("""(async () => {
      const heard = [];
      for (const figure of document.querySelectorAll('figure')) {
        const audio = figure.querySelector('audio');
        figure.querySelector('.play').click();
        await new Promise(done => audio.addEventListener('timeupdate', () => audio.currentTime > 0.05 && done()));
        heard.push([...document.querySelectorAll('audio')].filter(a => !a.paused).length);
        heard.push(figure.querySelector('.play').getAttribute('aria-label').startsWith('Pause'));
      }
      [...document.querySelectorAll('audio')].forEach(a => a.pause());
      return heard;
    })()""")
    assert played == [1, True] * count
    lengths = page.run("[...document.querySelectorAll('audio')].slice(0, 3).map(a => a.duration)")
    assert lengths == pytest.approx([0.8, 0.9, 1.0], abs=0.06)


def key(page, name):
    """Press a key where the focus is."""
    code = ord(name.upper()) if len(name) == 1 else {"ArrowRight": 39, "Tab": 9}[name]
    for kind in ("keyDown", "keyUp"):
        down = {"text": name} if len(name) == 1 and kind == "keyDown" else {}
        page.call("Input.dispatchKeyEvent", type=kind, key=name, windowsVirtualKeyCode=code, **down)


def choose(page, **boxes):
    """Set select boxes by id."""
    for box, value in boxes.items():
        page.run(f"""(() => {{ const box = document.getElementById('{box}');
          box.value = '{value}'; box.dispatchEvent(new Event('change')); }})()""")


def first(page, script):
    """The value of a script about `card`, the first sentence of the corpus, and its `rows`."""
    return page.run(f"""(() => {{
      const card = document.querySelector('.sentence[data-number="1"]');
      const rows = [...card.querySelectorAll('figure')], current = rows.indexOf(card.querySelector('.current'));
      return {script};
    }})()""")


def test_play_in_turn_goes_through_the_rows(page):
    rows = page.run("""(async () => {
      const item = document.querySelector('#sentences > li'), heard = [];
      const done = new Promise(resolve => item.querySelectorAll('audio').forEach((audio, i) => {
        audio.addEventListener('play', () => heard.push(audio.closest('figure').dataset.row));
        if (i == 2) audio.addEventListener('ended', resolve);
      }));
      item.querySelector('.all').click();
      await done;
      return heard;
    })()""")
    assert rows == ["natural", "stock", "trained"]


def test_switching_rows_goes_on_at_the_same_place(page):
    """Half of 0.8 s is half of 1.0 s, with the sound running; without sound only the place moves."""
    shares = page.run("""(async () => {
      const rows = [...document.querySelectorAll('#sentences > li:first-child figure')];
      const [natural, , trained] = rows.map(row => row.querySelector('audio'));
      const slider = rows[0].querySelector('.seek');
      slider.value = 0.5; slider.dispatchEvent(new Event('input'));
      rows[0].querySelector('.play').click();
      const at = (audio, time) => new Promise(ok => {
        const look = () => audio.currentTime > time ? ok() : requestAnimationFrame(look); look(); });
      await at(natural, 0.45);
      const before = natural.currentTime / natural.duration;
      rows[2].querySelector('.play').click();
      const after = trained.currentTime / (trained.duration || 1.0), alone = natural.paused && !trained.paused;
      await at(trained, 0.6);
      trained.pause();
      return [before, after, alone, rows[2].className.includes('current')];
    })()""")
    assert shares[0] == pytest.approx(shares[1], abs=0.05) and shares[0] > 0.5
    assert shares[2:] == [True, True]


def test_sorting_sorts_the_worst_or_the_best_first(page):
    def sort(metric, first):
        choose(page, metric=metric, order=first)
        return order(page)

    for name in METRICS:
        if name != "log_f0_rmse":
            assert sort(name, "-distance") == [3, 2, 1], name
            assert sort(name, "+distance") == [1, 2, 3], name
            assert sort(name, "-behind") == [3, 2, 1], name
    assert sort("log_f0_rmse", "-distance") == [3, 1, 2] and sort("log_f0_rmse", "+distance") == [1, 3, 2]
    assert sort("", "-distance") == [1, 2, 3]
    assert "order of the corpus" in page.run("document.getElementById('status').textContent")


def test_what_is_sorted_by_stands_beside_each_row(page):
    choose(page, metric="mcd_db")
    shown = first(page, "rows.map(row => row.querySelector('.value').textContent)")
    assert shown[0] == "Mel-cepstral distortion 0.00 dB" and all(text.endswith(" dB") for text in shown)
    choose(page, metric="")
    assert first(page, "rows.map(row => row.querySelector('.value').textContent)") == [""] * 3


def test_marks_of_the_worst_places_seek_there(page):
    choose(page, metric="mcd_db")
    assert first(page, "rows.map(row => row.querySelectorAll('.worst button').length)") == [0, 0, 2]
    name = first(page, "rows[2].querySelector('.worst button').getAttribute('aria-label')")
    assert name == "Go to 0.6 s in trained: Mel-cepstral distortion is worst there, place 1"
    first(page, "rows[2].querySelector('.worst button').click()")
    assert first(page, "[current, Number(rows[2].querySelector('.seek').value)]") == [2, pytest.approx(0.6)]
    assert (
        first(page, "rows[2].querySelector('.seek').getAttribute('aria-valuetext')") == "0.6 of 1.0 seconds"
    )
    choose(page, metric="distillmos")
    assert first(page, "rows[2].querySelectorAll('.worst button').length") == 0
    choose(page, metric="")


def test_the_keyboard_is_enough(page):
    first(page, "(rows[0].querySelector('.play').focus(), rows[0].querySelector('.play').click())")
    key(page, "3")
    assert first(page, "[current, rows.map(row => row.querySelector('audio').paused)]") == [
        2,
        [True, True, False],
    ]
    assert first(page, "document.activeElement === rows[2].querySelector('.seek')")
    assert page.run("document.getElementById('status').textContent").startswith("trained, ")
    key(page, " ")
    assert first(page, "rows[2].querySelector('audio').paused")
    key(page, "2")
    assert first(page, "[current, rows[1].querySelector('audio').paused]") == [1, True]
    before = first(page, "Number(rows[1].querySelector('.seek').value)")
    key(page, "ArrowRight")
    assert first(page, "Number(rows[1].querySelector('.seek').value)") > before
    key(page, "9")
    assert first(page, "current") == 1
    assert first(page, "rows.map(row => row.querySelector('.seek').tabIndex)") == [-1, 0, -1]


def test_keys_of_controls_stay_theirs(page):
    """A digit in a select box, a space on a button, and a shortcut of the browser are none of the players'."""
    first(page, "rows[0].querySelector('.play').focus()")
    key(page, "1")
    page.run("document.getElementById('metric').focus()")
    key(page, "3")
    assert first(page, "current") == 0
    first(page, "card.querySelector('summary').focus()")
    key(page, " ")
    assert (
        first(page, "[card.querySelector('details').open, rows.every(r => r.querySelector('audio').paused)]")
        == [True] * 2
    )
    first(page, "rows[0].querySelector('.seek').focus()")
    page.call("Input.dispatchKeyEvent", type="keyDown", key="2", windowsVirtualKeyCode=50, modifiers=2)
    assert first(page, "current") == 0


def test_curves_words_and_missed_words_can_be_switched_off(page):
    for name, selector in (("f0", "path.f0"), ("spans", ".tiers"), ("words", "p.recognised")):
        seen = f"getComputedStyle(document.querySelector('{selector}')).display !== 'none'"
        box = f"document.querySelector('[data-shows={name}]')"
        assert page.run(seen)
        page.run(f"{box}.click()")
        assert not page.run(seen)
        page.run(f"{box}.click()")
    assert first(page, "[...card.querySelectorAll('.words > span')].map(e => e.textContent)") == [
        "Moien",
        "Welt",
    ]
    left = first(page, "[...card.querySelectorAll('.words > span')].map(e => parseFloat(e.style.left))")
    assert left == pytest.approx([100 * 0.1 / 0.8, 100 * 0.5 / 0.8], abs=0.1)
    assert first(page, "card.querySelector('.missed').textContent") == "missed: 7"
    assert (
        first(page, "rows[2].querySelector('p.recognised').textContent").strip().endswith("Moien missed: 7")
    )


def test_the_samples_of_training_play_and_the_choice_opens(page):
    strip = "document.querySelector('.strip .sentence')"
    rows = page.run(f"[...{strip}.querySelectorAll('figure')].map(f => f.dataset.row)")
    assert rows == ["natural", *SAMPLES]
    assert (
        page.run(f"{strip}.querySelectorAll('.value')[2].textContent") == "dev: mel 2"
    )  # sorting leaves it alone
    page.run(f"{strip}.querySelector('.play').focus()")
    key(page, "3")
    assert page.run(f"{strip}.querySelector('.current').dataset.row") == "acoustic 120"
    table = "document.querySelector('.candidates')"
    assert not page.run(f"{table}.checkVisibility()")
    page.run(f"{table}.closest('details').querySelector('summary').click()")
    assert page.run(f"{table}.checkVisibility()")
    assert page.run(f"{table}.rows[1].cells[0].textContent.trim()") == "chosen"
    page.run(f"{table}.closest('details').querySelector('summary').click()")


CONTRAST = """(() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const light = colour => {
    canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map(v => v / 255)
      .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const back = element => {
    while (element && getComputedStyle(element).backgroundColor === 'rgba(0, 0, 0, 0)') element = element.parentElement;
    return light(getComputedStyle(element || document.documentElement).backgroundColor);
  };
  const weak = [];
  for (const element of document.querySelectorAll('body *')) {
    const text = [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
    if (!text || element.closest('script, svg, .picture, select:disabled')) continue;
    const [ours, theirs] = [light(getComputedStyle(element).color), back(element)];
    const ratio = (Math.max(ours, theirs) + 0.05) / (Math.min(ours, theirs) + 0.05);
    if (ratio < 4.5) weak.push(`${element.tagName}.${element.className} ${ratio.toFixed(2)}`);
  }
  return weak;
})()"""


@pytest.mark.parametrize("dark", [False, True])
def test_light_and_dark_can_be_read(page, tmp_path, dark):
    """Every text against its background has the contrast that WCAG asks for, 4.5 to 1."""
    page.screenshot(tmp_path / "shot.png", 1200, 700, dark)
    shot = np.asarray(Image.open(tmp_path / "shot.png").convert("L"), float)
    assert (np.median(shot) < 60) == dark
    assert page.run(CONTRAST) == []


@pytest.mark.parametrize("width", [390, 1200])
def test_the_page_fits_its_window(page, tmp_path, width):
    page.screenshot(tmp_path / "shot.png", width, 800)
    assert page.run("document.documentElement.scrollWidth") <= width
    cut = "[...document.querySelectorAll('.scores')].filter(t => t.scrollWidth > t.parentElement.clientWidth).length"
    assert page.run(cut) == 0


def test_a_phone_shows_each_score_as_lines_that_name_their_row(page, tmp_path):
    page.screenshot(tmp_path / "shot.png", 390, 800)
    cell = "document.querySelector('.scores td.stock')"
    assert page.run(f"getComputedStyle({cell}, '::before').content").startswith('"stock"')
    assert (
        page.run("getComputedStyle(document.querySelector('.scores tbody tr:nth-child(2)')).display")
        == "block"
    )
    page.screenshot(tmp_path / "shot.png", 1200, 800)


class Names(HTMLParser):
    """Collects what a screen reader would miss."""

    def __init__(self) -> None:
        super().__init__()
        self.missing: list[str] = []
        self.ids: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag, attributes):
        facts = dict(attributes)
        labelled = self.tags and self.tags[-1] == "label"
        self.tags.append(tag)
        self.ids += [facts["id"]] if "id" in facts else []
        if (tag == "img" and not facts.get("alt")) or (
            tag == "input" and "aria-label" not in facts and not labelled
        ):
            self.missing.append(f"<{tag}> without a name")
        if tag == "button" and "aria-label" not in facts:
            self.missing.append("<button> without a name")
        if tag == "th" and "scope" not in facts:
            self.missing.append("<th> without scope")
        if facts.get("role") in ("region", "group") and not {"aria-label", "aria-labelledby"} & facts.keys():
            self.missing.append(f"<{tag}> is a place without a name")
        if tag == "svg" and "aria-hidden" not in facts and not facts.get("aria-label"):
            self.missing.append("<svg> without a name")


def test_everything_has_a_name_and_ids_are_unique(html):
    parser = Names()
    parser.feed(html)
    assert parser.missing == [] and len(parser.ids) == len(set(parser.ids))
    levels = [int(tag[1]) for tag in parser.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    assert parser.tags.count("main") == 1 and re.search('<html lang="en">', html)


def test_the_page_is_one_file_and_texts_stay_texts(html):
    addresses = re.findall(r'(?:src|href)="([^"]{1,30})', html)
    assert addresses and all(address.startswith(("data:", "#")) for address in addresses)
    assert "<b>Welt</b>" not in html and "&lt;b&gt;Welt&lt;/b&gt;" in html
    for said in (
        "CC0 1.0",
        "./run.sh --recipe mini",
        "torch 2.14.1",
        "too long (2)",
        "α 0.3 for the predictor",
        "no &lt;speech&gt;",
        "Dev.",
        "dev: mel 2",
        "Length of sounds",
        "Ouni Opnam.",
        "no &lt;sound&gt;",
    ):
        assert said in html, said


def test_the_same_run_gives_the_same_page(made, html):
    folder, scores, scored, sentences = made
    write_page(folder / "again.html", scores, scored, sentences, run_of(folder))
    assert (folder / "again.html").read_text(encoding="utf-8") == html


def test_a_page_that_would_be_too_long_leaves_sentences_out_and_says_so(made, monkeypatch):
    folder, scores, scored, sentences = made
    monkeypatch.setattr(cards, "MOST_S", 6.0)  # of about 10 s, and 1.8 s are of the samples of training
    write_page(folder / "short.html", scores, scored, sentences, run_of(folder))
    text = (folder / "short.html").read_text(encoding="utf-8")
    assert text.count("<figure") < 14 and "utterances.jsonl has the scores of all" in text
    monkeypatch.setattr(html_module, "MAX_BYTES", 1000)
    with pytest.raises(WrongData, match="the page would have"):
        write_page(folder / "short.html", scores, scored, sentences, run_of(folder))


def test_sound_and_picture_come_back_out_of_their_uri():
    samples = 0.5 * np.sin(2 * np.pi * 4800 * np.arange(SAMPLE_RATE) / SAMPLE_RATE).astype(np.float32)
    sound = audio_uri(samples, 0.4)
    back, rate = soundfile.read(io.BytesIO(base64.b64decode(sound.partition(",")[2])))
    assert rate == SAMPLE_RATE and len(sound) < 15_000
    spectrum = np.abs(np.fft.rfft(back[4000:20_000]))
    assert np.argmax(spectrum) * rate / 16_000 == pytest.approx(4800, abs=10)
    loudness = spectrogram(samples)
    row = int(np.argmax(loudness[:, 50]))
    assert (len(loudness) - row) * 3 * SAMPLE_RATE / 1024 == pytest.approx(4800, abs=80)
    assert loudness[row, 50] == pytest.approx(20 * np.log10(0.5), abs=1)
    picture = Image.open(io.BytesIO(base64.b64decode(spectrogram_uri(samples).partition(",")[2])))
    assert picture.size == loudness.shape[::-1] and picture.format == "WEBP"


def test_verdict_counts_only_what_is_sure(made):
    scores = json.loads(json.dumps(made[1]))
    gains = scores["gains"]["trained"]["stock"]
    assert judgements(scores)["mcd_db"] == "better"
    assert in_words(scores, METRICS["mcd_db"]) == "better (100% of sentences)"
    gains["mcd_db"] |= {"low": -0.1, "high": 0.5, "needed": 183}
    gains["distillmos"] |= {"low": -0.5, "high": -0.1}
    assert [judgements(scores)[name] for name in ("mcd_db", "distillmos")] == ["unclear", "worse"]
    assert in_words(scores, METRICS["mcd_db"]) == "unclear (≈ 180 sentences needed)"
    said = verdict(scores)
    assert "it is worse in DistillMOS (" in said and "no clear difference in mel-cepstral distortion." in said
    assert said.startswith("On 3 test sentences, the trained voice is better than stock in ")
    assert (
        headline(scores)
        == f"The trained voice: {len(METRICS) - 2} of {len(METRICS)} scores better than stock, 1 worse"
    )
    scores["missing"] = [{"id": "b", "reason": "silent"}]
    assert verdict(scores).endswith(" 1 more could not be scored.")
    for gain in gains.values():
        gain |= {"low": -1, "high": 1}
    assert headline(scores) == "No clear difference between trained and stock"


def test_a_verdict_over_many_scores_names_the_clearest_and_counts_the_rest(made):
    scores = json.loads(json.dumps(made[1]))
    for name, gain in scores["gains"]["trained"]["stock"].items():
        gain |= (
            {"mean": 1.0, "low": 0.9, "high": 1.1}
            if name == "dnsmos_ovrl"
            else {"mean": 1, "low": 0.1, "high": 1.9}
        )
    said = verdict(scores)
    assert "is better than stock in DNSMOS overall (" in said and f"and {len(METRICS) - 4} more." in said


def test_amounts_say_what_they_are_in():
    gain = {"mean": 0.5, "low": 0.25, "high": 0.75, "n": 9, "better": 0.9, "needed": 3}
    worse = {"mean": -0.5, "low": -0.75, "high": -0.25}
    assert amount(METRICS["mcd_db"], gain) == "0.50 dB (0.25 to 0.75)"
    assert amount(METRICS["mcd_db"], gain | worse) == "0.50 dB (0.25 to 0.75)"
    assert amount(METRICS["distillmos"], gain | {"low": -0.25}) == "0.50 (−0.25 to 0.75)"
    ratio = {key: math.log(1 + share) for key, share in (("mean", 0.2), ("low", 0.1), ("high", 0.3))}
    assert amount(METRICS["duration_ratio"], gain | ratio) == "20 % (10 to 30)"
    nothing = {"mean": 0.0, "low": 0.0, "high": 0.0, "needed": None}
    assert amount(METRICS["mcd_db"], gain | nothing) == "no difference"
    far = judged(METRICS["mcd_db"], gain | {"low": -0.25, "needed": 183})
    assert far == {"kind": "unclear", "facts": "0.50 dB (−0.25 to 0.75); ≈ 180 sentences needed"}


def test_the_grid_groups_scores_and_shows_a_dash_where_there_is_none(made):
    scores = json.loads(json.dumps(made[1]))
    for row in ("stock", "trained"):
        scores["rows"][row]["mcd_db"] = {"mean": None, "low": None, "high": None, "n": 0}
    none = {"mean": None, "low": None, "high": None, "n": 0, "better": None, "needed": None}
    scores["gains"]["trained"]["stock"]["mcd_db"] = none
    likeness = grid(scores)["groups"][0]
    assert likeness["title"] == "Likeness to the recording"
    [mcd] = [metric for metric in likeness["metrics"] if metric["name"] == "mcd_db"]
    assert [cell["mean"] for cell in mcd["cells"]] == ["0.00", "–", "–"]
    assert mcd["judgements"] == [{"kind": "none", "facts": ""}]
    counts = glance(scores)
    assert sum(group[kind] for group in counts for kind in ("better", "worse", "unclear")) == len(METRICS)


def test_judges_that_choose_nothing_are_marked_wherever_scores_are_shown(made):
    folder, scores, *_ = made
    ours = {metric.name for metric in METRICS.values() if metric.held_out}
    shown = {m["name"] for g in grid(scores)["groups"] for m in g["metrics"] if HELD_OUT in m["meaning"]}
    assert shown == ours and len(ours) == 2
    console = Console(width=200, file=io.StringIO())
    console.print(terminal_table(scores, "recipe"))
    page, markdown = (folder / "report.html").read_text(encoding="utf-8"), markdown_table(scores)
    assert console.file.getvalue().count(HELD_OUT) == len(ours)
    assert markdown.count(f", {HELD_OUT})") == len(ours)
    assert page.count(f"; {HELD_OUT}</small>") == len(ours) * page.count('<table class="scores">')
    assert all("is used by no training, fit or choice" in text for text in (page, markdown))
    assert "| PLCMOS (MOS 1–5, chooses nothing) |" in markdown
    rows = {row: {"mcd_db": values["mcd_db"]} for row, values in scores["rows"].items()}
    assert HELD_OUT not in markdown_table(scores | {"rows": rows})


def test_every_row_has_a_look_of_its_own():
    assert looks(["natural", "espeak", "stock", "recorded", "trained"])["recorded"] == "recorded"
    assert looks(["natural", "synthetic"]) == {"natural": "natural", "synthetic": "trained"}
    names = looks(["natural", "my <run>", "b", "c", "d"])
    assert len(set(names.values())) == 5 and "my <run>" not in names.values()


def test_the_terminal_table_takes_names_as_they_are(made):
    console = Console(width=200, file=io.StringIO())
    console.print(terminal_table(made[1], "recipe [red]"))
    text = console.file.getvalue()
    assert "recipe [red]" in text and "Predicted opinion" in text and "trained against stock" in text


def test_phones_lie_where_their_frames_are():
    """40 frames are a second: ˈa has frames 4 to 8, the pause of 10 frames follows it, b the last four."""
    spans = spans_of_durations("ˈa, b", [4, 1, 3, 10, 0, 4, 2])
    assert spans.words == (("ˈa", 0.1, 0.2), ("b", 0.45, 0.55))
    assert spans.phones == (("a", 0.1, 0.2), ("b", 0.45, 0.55))
    assert spans_of_durations("ˈa, b", [4, 1, 3, 10, 0, 4, 2], 2).words == (
        ("ˈa", 0.05, 0.15),
        ("b", 0.4, 0.5),
    )
    with pytest.raises(WrongData, match="3 durations"):
        spans_of_durations("ab", [1, 1, 1])


def test_spans_are_read_where_there_are_any(tmp_path):
    durations = {"trained": [0, 4, 4], "stock": [0, 4, 4, 0, 4, 4]}  # the second in two goes
    lines = [{"id": "a", "phonemes": "b", "durations": durations}, {"id": "c", "phonemes": "b"}]
    (tmp_path / "index.jsonl").write_text(
        "".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8"
    )
    (tmp_path / "textgrid").mkdir()
    tiers = (("words", "Wuert"), ("phones", "v"))
    grid = textgrid.Textgrid(0, 1)
    for name, label in tiers:
        grid.addTier(textgrid.IntervalTier(name, [(0.25, 0.5, label)], 0, 1))
    grid.save(str(tmp_path / "textgrid" / "c.TextGrid"), "long_textgrid", True)
    found = read_spans(tmp_path, tmp_path)
    assert found["a"] == {"trained": Spans((("b", 0.0, 0.1),), (("b", 0.0, 0.1),))}
    assert found["c"] == {"natural": Spans((("Wuert", 0.25, 0.5),), (("v", 0.25, 0.5),))}
    (tmp_path / "textgrid" / "c.TextGrid").write_text("no grid", encoding="utf-8")
    with pytest.raises(WrongData, match="not a TextGrid"):
        read_spans(tmp_path, tmp_path)


def test_words_stand_as_written_where_the_front_end_fits():
    sentence = Sentence("a", "s", "1,5 Kilo", {}, None, "eent kˈoma fˈɔnəf — kˈilo")
    phonemes = [word for word in sentence.phonemes.split() if word != "—"]
    spans = ((0, 3), (0, 3), (0, 3), (4, 8))
    words = tuple(
        Word(p, p, "", rule="decimal", text_start=start, text_end=end)
        for p, (start, end) in zip(phonemes, spans, strict=True)
    )
    said = Phonemes(sentence.text, sentence.phonemes, words)
    assert card_words(sentence, [1], said) == [
        {"text": "1,5", "missed": True},
        {"text": "Kilo", "missed": False},
    ]
    alone = card_words(sentence, [4], Phonemes(sentence.text, "x", words[:1]))
    assert [word["text"] for word in alone] == phonemes and [w["missed"] for w in alone] == [False] * 3 + [
        True
    ]


def test_melody_is_drawn_on_a_log_scale_with_gaps():
    """An octave scale from 100 to 200 Hz on rows 170 (low) to 0: its middle is 100·√2; 80 values are 100 columns."""
    f0 = np.array([0, 100, 100 * math.sqrt(2), 0, 200, 400])
    assert melody(f0, (100.0, 200.0)) == "M1.25 170L2.5 85M5 0L6.25 0"
    assert melody(np.zeros(3), (100.0, 200.0)) == ""
    low, high = melody_scale([Panel("", "", 1.0, np.r_[0, np.geomspace(110, 220, 500)])])
    assert 95 < low < 112 and 216 < high < 260
    assert melody_scale([Panel("", "", 1.0, np.zeros(4))])[0] > 0


def test_the_floor_of_similarity_is_said_where_it_is_known(made):
    scores = made[1] | {"floor": {"mean": 0.5, "of": "the base's 5 voices"}}
    assert markdown_table(scores).endswith("Other speakers have a similarity of 0.500 (the base's 5 voices).")
    assert "Other speakers" not in markdown_table(made[1])


def test_markdown_has_a_row_for_each_metric(made):
    lines = markdown_table(made[1]).splitlines()
    assert lines[0] == "| score | best | natural | stock | trained | trained against stock |"
    shown = [
        line.split(" | ")[0].removeprefix("| ").rpartition(" (")[0] for line in lines[2 : 2 + len(METRICS)]
    ]
    assert sorted(shown) == sorted(metric.heading for metric in METRICS.values())
    groups = [metric.group for name in shown for metric in METRICS.values() if metric.heading == name]
    assert [group for group, _ in itertools.groupby(groups)] == [
        group
        for group in ("likeness", "melody", "timing", "words", "opinion", "artefacts")
        if group in groups
    ]


def test_curves_leave_out_what_is_not_finite():
    rows = [*HISTORY[:2], {"phase": "prosody", "step": 180, "train": {"mel": math.nan}, "dev": {}}]
    (curve,) = curves(rows)
    assert [line["path"].count(",") for line in curve["lines"]] == [2, 2]
    assert (curve["first"], curve["last"], curve["high"]) == (60, 120, "0.05")
    assert curves([]) == []


def test_plots_are_drawn(made, tmp_path):
    _, scores, _, sentences = made
    plot_scores(scores, tmp_path / "scores.png")
    plot_spectrograms(sentences[:2], tmp_path / "spectrograms.png")
    for name in ("scores.png", "spectrograms.png"):
        shot = np.asarray(Image.open(tmp_path / name).convert("RGB"))
        assert shot.shape[1] > 1000 and len(np.unique(shot.reshape(-1, 3), axis=0)) > 50


def test_the_command_names_what_was_set_otherwise():
    settings = load_settings("mini", ["train.acoustic.steps=7", "seed=3", "system.nj=1", "language=de"])
    assert (
        command(settings)
        == "./run.sh --recipe mini --set language=de --set seed=3 --set train.acoustic.steps=7"
    )
    assert command(load_settings("mini")) == "./run.sh --recipe mini"


def test_the_card_has_a_header_that_hubs_read(made):
    text = 'Hie sot: "Moien"'
    targets = get_args(Target)
    card = model_card("mini", "lb", "CC (x: y)", ["anna", "bob"], made[1], text, 'mˈɔɪən "ə"', targets)
    header = yaml.safe_load(card.split("---")[1])
    assert header["license_name"] == "CC (x: y)" and header["language"] == ["lb"]
    code = re.findall(r"```python\n(.*?)```", card, re.DOTALL)
    assert len(code) == 5  # moien, its front end, kokoro, kokoro-onnx, sherpa-onnx
    for block in code:
        compile(block, "card", "exec")
    assert "voices/anna.pt" in code[2] and '"mˈɔɪən \\"ə\\""' in code[1] and "onnx/model.onnx" in card
    without = model_card("mini", "lb", "CC", ["anna"], made[1], text, "mˈɔɪən", [])
    assert "onnx" not in without.lower() and len(re.findall(r"```python", without)) == 3


def test_results_go_between_the_marks_of_a_readme(made, tmp_path):
    module = load_program("utils/show_results.py")
    readme = tmp_path / "README.md"
    module.write_readme(readme, "mini", made[1])
    assert "| Mel-cepstral distortion (dB) |" in readme.read_text(encoding="utf-8")
    readme.write_text(readme.read_text(encoding="utf-8") + "\nWords of mine.\n", encoding="utf-8")
    once = readme.read_text(encoding="utf-8")
    module.write_readme(readme, "mini", made[1])
    assert readme.read_text(encoding="utf-8") == once
    readme.write_text("# nothing\n", encoding="utf-8")
    with pytest.raises(WrongCall, match="marks must occur once"):
        module.write_readme(readme, "mini", made[1])


def test_results_of_an_unknown_recipe_are_a_wrong_call():
    result = call(load_program("utils/show_results.py").main, "nobody")
    assert result.exit_code == 2 and "there is no recipe 'nobody'" in result.output
