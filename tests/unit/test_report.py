"""The page opens offline, plays, sorts and can be used without a mouse; tables, verdict and card say what is so."""

from __future__ import annotations

import base64
import io
import json
import math
import re
from html.parser import HTMLParser

import browser
import numpy as np
import pytest
import soundfile
import yaml
from made_up import call, load_program, speech
from PIL import Image

from moien.audio import SAMPLE_RATE, write_wav
from moien.config import load_settings
from moien.errors import WrongCall, WrongData
from moien.report import page as page_module
from moien.report.card import model_card
from moien.report.command import command
from moien.report.curves import curves
from moien.report.media import audio_uri, spectrogram, spectrogram_uri
from moien.report.page import Run, write_page
from moien.report.plots import plot_scores, plot_spectrograms
from moien.report.table import headline, in_words, judgements, markdown_table, verdict
from moien.score import METRICS, ScoredSentence
from moien.score.sentences import Sentence
from moien.score.summary import scores_json

TEXTS = ('Moien <b>Welt</b> & "all"', "D'Wieder ass schéin.", "Äddi!")  # markup in a text must stay text
HISTORY = [
    {"phase": phase, "step": step, "lr": 1e-4, "train": {"mel": 2 / step}, "dev": {"mel": 3 / step}}
    for phase in ("prosody", "acoustic") for step in (60, 120)
]  # fmt: skip
STAGES = {"data": {"counts": {"kept": 9, "dropped": {"too long": 2}}}}
RUN = Run("lb", "CC0 1.0", "language: lb\n", "torch 2.14.1", STAGES, HISTORY, "Chosen by scores.")


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
    """Three test sentences, each worse than the one before, one that nobody recorded, and the page of them."""
    folder = tmp_path_factory.mktemp("report")
    scored, sentences = [], []
    for number, text in enumerate((*TEXTS, "Ouni Opnam.")):
        rows = ("natural", "stock", "trained") if number < 3 else ("stock", "trained")
        files = {row: folder / f"{row}-{number}.wav" for row in rows}
        for seed, file in enumerate(files.values()):
            write_wav(file, speech(0.8 + 0.1 * seed, seed=seed))
        natural = files.pop("natural", None)
        sentences.append(Sentence(f"s-{number}", "s", text, files, natural, "mˈɔɪən"))
        if natural:
            trained = values(number, 0.9 - 0.2 * number)
            rows = {"natural": values(number, 1.0), "stock": values(number, 0.1), "trained": trained}
            scored.append(ScoredSentence(f"s-{number}", "s", text, rows))
    scored[1].rows["trained"]["log_f0_rmse"] = math.nan  # no voiced speech: sorts last, shows a dash
    scores = scores_json("mini", "./run.sh --recipe mini", scored, resamples=200, seed=0)
    write_page(folder / "report.html", scores, scored, sentences, RUN)
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
    assert seen == [True] * 11
    outside = [url for url in page.requests if not url.startswith(("data:", "file:"))]
    assert not outside and sum(url.startswith("file:") for url in page.requests) == 1
    assert page.complaints == []


def test_every_player_plays_one_at_a_time(page):
    count = page.run("document.querySelectorAll('figure').length")
    assert count == 3 * 3 + 2
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


def test_play_in_turn_goes_through_the_rows(page):
    rows = page.run("""(async () => {
      const item = document.querySelector('#sentences > li'), heard = [];
      const done = new Promise(resolve => item.querySelectorAll('audio').forEach((audio, i) => {
        audio.addEventListener('play', () => heard.push(audio.closest('figure').className.split(' ')[0]));
        if (i == 2) audio.addEventListener('ended', resolve);
      }));
      item.querySelector('.all').click();
      await done;
      return heard;
    })()""")
    assert rows == ["natural", "stock", "trained"]


def test_sorting_sorts_the_worst_or_the_best_first(page):
    def sort(metric, first):
        page.run(f"""for (const [id, value] of [['metric', '{metric}'], ['order', '{first}']]) {{
          const box = document.getElementById(id);
          box.value = value; box.dispatchEvent(new Event('change'));
        }}""")
        return order(page)

    for name in METRICS:
        if name != "log_f0_rmse":
            assert sort(name, "worst") == [3, 2, 1], name
            assert sort(name, "best") == [1, 2, 3], name
    assert sort("log_f0_rmse", "worst") == [3, 1, 2] and sort("log_f0_rmse", "best") == [1, 3, 2]
    assert sort("", "worst") == [1, 2, 3]
    assert "order of the corpus" in page.run("document.getElementById('status').textContent")


def test_the_keyboard_is_enough(page):
    page.run("document.querySelector('.play').focus()")
    page.press(" ")
    assert page.run("!document.querySelector('audio').paused")
    page.press(" ")
    assert page.run("document.querySelector('audio').paused")
    page.press("Tab")
    assert page.run("document.activeElement.className") == "seek"
    before = page.run("document.querySelector('audio').currentTime")
    page.press("ArrowRight")
    assert page.run("document.querySelector('audio').currentTime") > before
    assert page.run(
        "[...document.querySelectorAll('button, select, input, summary')].every(e => e.tabIndex >= 0)"
    )


@pytest.mark.parametrize("dark", [False, True])
def test_light_and_dark_can_be_read(page, tmp_path, dark):
    """Text against its background has the contrast that WCAG asks for, 4.5 to 1."""
    page.screenshot(tmp_path / "shot.png", 1200, 700, dark)
    shot = np.asarray(Image.open(tmp_path / "shot.png").convert("L"), float)
    assert (np.median(shot) < 60) == dark
    weakest = page.run("""(() => {
      const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
      const light = colour => {
        canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
        const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map(v => v / 255)
          .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const back = light(getComputedStyle(document.querySelector('.card')).backgroundColor);
      return Math.min(...['.verdict', '.note', '.natural .name', '.stock .name', '.trained .name', '.better'].map(s => {
        const ours = light(getComputedStyle(document.querySelector(s)).color);
        return (Math.max(ours, back) + 0.05) / (Math.min(ours, back) + 0.05);
      }));
    })()""")
    assert weakest > 4.5


@pytest.mark.parametrize("width", [390, 1200])
def test_the_page_fits_its_window(page, tmp_path, width):
    page.screenshot(tmp_path / "shot.png", width, 800)
    assert page.run("document.documentElement.scrollWidth") <= width


class Names(HTMLParser):
    """Collects what a screen reader would miss."""

    def __init__(self) -> None:
        super().__init__()
        self.missing: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag, attributes):
        facts = dict(attributes)
        self.ids += [facts["id"]] if "id" in facts else []
        if (tag == "img" and not facts.get("alt")) or (tag == "input" and "aria-label" not in facts):
            self.missing.append(f"<{tag}> without a name")
        if tag == "button" and "aria-label" not in facts:
            self.missing.append("<button> without a name")
        if tag == "th" and "scope" not in facts:
            self.missing.append("<th> without scope")
        if tag == "svg" and "aria-hidden" not in facts and not facts.get("aria-label"):
            self.missing.append("<svg> without a name")


def test_everything_has_a_name_and_ids_are_unique(html):
    parser = Names()
    parser.feed(html)
    assert parser.missing == [] and len(parser.ids) == len(set(parser.ids))


def test_the_page_is_one_file_and_texts_stay_texts(html):
    addresses = re.findall(r'(?:src|href)="([^"]{1,30})', html)
    assert addresses and all(address.startswith("data:") for address in addresses)
    assert "<b>Welt</b>" not in html and "&lt;b&gt;Welt&lt;/b&gt;" in html
    for said in (
        "CC0 1.0",
        "./run.sh --recipe mini",
        "torch 2.14.1",
        "too long (2)",
        RUN.choice,
        "Ouni Opnam.",
    ):
        assert said in html, said


def test_the_same_run_gives_the_same_page(made, html):
    folder, scores, scored, sentences = made
    write_page(folder / "again.html", scores, scored, sentences, RUN)
    assert (folder / "again.html").read_text(encoding="utf-8") == html


def test_a_page_that_would_be_too_long_leaves_sentences_out_and_says_so(made, monkeypatch):
    folder, scores, scored, sentences = made
    monkeypatch.setattr(page_module, "MOST_S", 4.0)  # of about 10 s
    write_page(folder / "short.html", scores, scored, sentences, RUN)
    text = (folder / "short.html").read_text(encoding="utf-8")
    assert text.count("<figure") < 11 and "utterances.jsonl has the scores of all" in text
    monkeypatch.setattr(page_module, "MAX_BYTES", 1000)
    with pytest.raises(WrongData, match="the page would have"):
        write_page(folder / "short.html", scores, scored, sentences, RUN)


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
    assert in_words(scores, METRICS["mcd_db"]) == "unclear (≈ 180 sentences would tell)"
    said = verdict(scores)
    assert (
        "it is worse in DistillMOS (" in said
        and "no difference can be told in mel-cepstral distortion (" in said
    )
    assert said.startswith("On 3 test sentences, the trained voice is better than stock in ")
    assert (
        headline(scores)
        == f"The trained voice: {len(METRICS) - 2} of {len(METRICS)} scores better than stock, 1 worse"
    )
    scores["missing"] = [{"id": "b", "reason": "silent"}]
    assert verdict(scores).endswith(" 1 more could not be scored.")
    for gain in gains.values():
        gain |= {"low": -1, "high": 1}
    assert headline(scores) == "Trained and stock cannot be told apart"


def test_markdown_has_a_row_for_each_metric(made):
    lines = markdown_table(made[1]).splitlines()
    assert lines[0] == "| score | best | natural | stock | trained | trained against stock |"
    assert [line.split(" (")[0] for line in lines[2 : 2 + len(METRICS)]] == [
        f"| {m.heading}" for m in METRICS.values()
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
    card = model_card("mini", "lb", "CC BY-NC-SA 4.0 (x: y)", ["anna", "bob"], made[1], text, 'mˈɔɪən "ə"')
    header = yaml.safe_load(card.split("---")[1])
    assert header["license_name"] == "CC BY-NC-SA 4.0 (x: y)" and header["language"] == ["lb"]
    code = re.findall(r"```python\n(.*?)```", card, re.DOTALL)
    assert len(code) == 2
    for block in code:
        compile(block, "card", "exec")
    assert "voices/anna.pt" in code[0] and '"mˈɔɪən \\"ə\\""' in code[0] and "no ONNX" in card


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
    with pytest.raises(WrongCall, match="marks are not there"):
        module.write_readme(readme, "mini", made[1])


def test_results_of_an_unknown_recipe_are_a_wrong_call():
    result = call(load_program("utils/show_results.py").main, "nobody")
    assert result.exit_code == 2 and "there is no recipe 'nobody'" in result.output
