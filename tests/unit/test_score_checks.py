"""Every metric measures what it says: perfect against itself, worse under damage, unmoved by what must not count."""

from __future__ import annotations

import math
from types import SimpleNamespace

import librosa
import numpy as np
import pytest
import soxr
from made_up import GREETING, load_program, recording, speech

from moien.audio import SAMPLE_RATE, without_offset
from moien.score import spectrum
from moien.score.checks import DAMAGES, IGNORED, TOLERANCES, Subject, resynthesised, undetected, with_tone
from moien.score.clip import ALL_PASS, Clip, mel_cepstrum
from moien.score.metrics import METRICS, buzz, clicks, clipping, gap_noise, hum, tones
from moien.score.metrics.mcd import mcd_db
from moien.score.metrics.speaking_rate import count_phonemes
from moien.score.pair import Pair

PERFECT = {metric.name: 0.0 for metric in METRICS.values() if metric.best == "low"} | {
    "duration_ratio": 1,
    "similarity": 1,
    "dvector_similarity": 1,
    "f0_correlation": 1,
}
# Those that need a model which is trained or fetched: test_recogniser.py and test_score_models.py check them.
WITH_MODEL = {m.name for m in METRICS.values() if m.group == "words"}


@pytest.fixture(scope="session")
def subject(man, woman, speak):
    return Subject(man, GREETING, take=speak("jm_kumo", seed=1), other=woman)


def scores(subject, clip, names=tuple(TOLERANCES)):
    """Metric → value; one pair for all metrics, which share its path and spectra."""
    pair = Pair(subject.clip, clip, subject.centroids, subject.phonemes)
    return {name: METRICS[name].compute(pair) for name in names}


@pytest.fixture(scope="session")
def undamaged(subject):
    return scores(subject, subject.clip)


def score(name, natural, spoken):
    return METRICS[name].compute(Pair(natural, spoken))


def test_every_metric_is_checked():
    assert set(TOLERANCES) == set(METRICS) - WITH_MODEL
    assert {name for damage in DAMAGES for name in damage.detected_by.split()} == set(TOLERANCES)


@pytest.mark.parametrize("name", [name for name in PERFECT if name in TOLERANCES])
def test_a_recording_against_itself_is_perfect(name, undamaged):
    allowed = {"dc_percent": 0.3}.get(name, 1e-6)  # this has no natural reference
    assert undamaged[name] == pytest.approx(PERFECT[name], abs=allowed)


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.name)
def test_damage_is_detected(damage, subject, undamaged):
    """The weakest and the strongest; `make check-scores` takes those between too, and more speech."""
    strengths, names = dict.fromkeys([damage.strengths[0], damage.strengths[-1]]), damage.detected_by.split()
    rows = [scores(subject, damage.apply(subject, strength), names) for strength in strengths]
    for name in names:
        values = [row[name] for row in rows]
        assert not undetected(name, values, undamaged[name]), (name, values)


@pytest.mark.parametrize("ignored", IGNORED)
def test_what_must_not_count_does_not(ignored, subject, undamaged):
    found = scores(subject, IGNORED[ignored](subject))
    for name, tolerance in TOLERANCES.items():
        moved = found[name] - undamaged[name]
        assert abs(moved) <= tolerance, (name, moved)


def test_a_metric_that_detects_nothing_is_found():
    assert "strongest damage moves it by" in undetected("mcd_db", [0.0, 0.1], 0.0)
    assert "scores better" in undetected("mcd_db", [9.0, 5.0], 0.0)
    assert "no number" in undetected("mcd_db", [math.nan], 0.0)
    assert not undetected("duration_ratio", [0.9, 0.8], 1.0)


def test_the_docs_show_what_is_not_detected():
    program = load_program("tools/check_scores.py")
    names = ["mcd_db", "duration_ratio"]
    rows = {(d.name, s): {"mcd_db": 5.0, "duration_ratio": 1.0} for d in DAMAGES for s in d.strengths}
    rows |= {(name, 0.0): {"mcd_db": 0.0, "duration_ratio": 1.001} for name in (*IGNORED, program.NOTHING)}
    lines = program.table(rows, names)
    assert "| white noise 0 dB SNR | **5.00** | · |" in lines
    assert "| *tolerance* | 1.2 | 0.01 |" in lines
    assert "| slower 0.8 × | 5.00 | **1.00** |" in lines


def test_log_f0_rmse_is_the_shift_in_pitch(woman):
    for semitones in (1, 4):
        shifted = resynthesised(woman, lambda f0, sp, ap, s=semitones: (f0 * 2 ** (s / 12), sp, ap))
        assert score("log_f0_rmse", woman, shifted) == pytest.approx(semitones * math.log(2) / 12, abs=0.02)


def test_whispering_is_a_voicing_error(man):
    whisper = resynthesised(man, lambda f0, sp, ap: (f0 * 0, sp, np.ones_like(ap)))
    voiced = (man.f0[man.speech] > 0).mean()
    assert score("voicing_error", man, whisper) == pytest.approx(voiced, abs=0.15)
    whisper.__dict__["f0"] = np.zeros_like(whisper.f0)
    for name in ("log_f0_rmse", "f0_std_semitones", "f0_correlation", "buzz_db"):
        assert math.isnan(score(name, man, whisper)), name


def test_duration_ratio_is_the_tempo(man):
    for tempo in (0.8, 1.25):
        faster = Clip(soxr.resample(man.samples, SAMPLE_RATE * tempo, SAMPLE_RATE))
        assert score("duration_ratio", man, faster) == pytest.approx(1 / tempo, abs=0.02)


def test_similarity_needs_a_speaker(man, woman):
    for name in ("similarity", "dvector_similarity"):
        assert math.isnan(score(name, man, woman))


def test_the_mel_cepstrum_is_the_spectrum_on_a_bent_axis():
    """A log spectrum that is one cosine on the bent axis has one coefficient: Oppenheim and Johnson's definition."""
    omega = np.linspace(0, np.pi, 513)
    bent = omega + 2 * np.arctan(ALL_PASS * np.sin(omega) / (1 - ALL_PASS * np.cos(omega)))
    log_amplitude = 0.3 + 1.5 * np.cos(bent) - 0.7 * np.cos(5 * bent)
    found = mel_cepstrum(np.exp(2 * log_amplitude)[None])[0]
    expected = np.zeros(25)
    expected[[0, 1, 5]] = 0.3, 1.5, -0.7
    assert found == pytest.approx(expected, abs=1e-4)


def test_the_mel_cepstrum_is_that_of_sptk():
    """pip install pysptk==1.0.1; pysptk.sp2mc(power, 24, 0.466).round(6)[:12]"""
    omega = np.linspace(0, np.pi, 513)
    power = np.exp(2 * np.sin(3 * omega) + np.cos(11 * omega) - omega)
    golden = [
        -0.130097,
        0.909474,
        -0.369589,
        -0.371844,
        0.501647,
        0.051634,
        0.111585,
        -0.084204,
        -0.19402,
        0.23069,
        -0.10497,
        -0.025339,
    ]
    assert mel_cepstrum(power[None])[0, :12] == pytest.approx(golden, abs=2e-6)


def test_mcd_of_a_known_difference(man):
    """One coefficient that differs by d costs 10 / ln 10 · √2 · d dB."""
    other = Clip(man.samples)
    moved = man.mel_cepstrum.copy()
    moved[:, 3] += 0.1
    other.__dict__["mel_cepstrum"] = moved
    pair = Pair(man, other)
    pair.__dict__["path"] = (np.flatnonzero(man.speech),) * 2
    assert mcd_db(pair) == pytest.approx(10 / math.log(10) * math.sqrt(2) * 0.1)


def test_the_mel_spectrum_is_that_of_librosa():
    samples, level = speech(1.0), 0.1
    (found,) = spectrum.mel_db(samples, level, 80)[1:2]
    power = librosa.feature.melspectrogram(
        y=samples, sr=SAMPLE_RATE, n_fft=1024, hop_length=300, n_mels=64, pad_mode="constant", norm=None
    )
    window = librosa.filters.get_window("hann", 1024)
    expected = 10 * np.log10(2 * power.T / (1024 * (window**2).sum()) / level**2 + 1e-6)
    assert found == pytest.approx(expected[:80], abs=0.05)


def test_f0_is_that_of_praat():
    """pip install praat-parselmouth==0.4.7; parselmouth.Sound(speech(2.0, seed=1), 24000)
    .to_pitch_ac(time_step=0.0125, pitch_floor=60, pitch_ceiling=500).get_value_at_time(t)"""
    seconds = np.array([0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75])
    golden = [128.46, 108.12, 128.68, 120.11, 111.24, 131.81, 111.86]
    assert Clip(speech(2.0, seed=1)).f0[(seconds * 80).astype(int)] == pytest.approx(golden, rel=0.012)


def melodies():
    """Two voices of 160 values, one step of the path each, and their voicing."""
    step = np.arange(160)
    ours = np.where(step % 16 < 11, 120 + 20 * np.sin(step / 9), 0)
    theirs = np.where((step + 3) % 20 < 15, 118 + 25 * np.sin(step / 9 + 0.4), 0)
    return SimpleNamespace(
        path=(step, step), natural=SimpleNamespace(f0=ours), spoken=SimpleNamespace(f0=theirs)
    )


def test_the_voicing_error_is_that_of_mir_eval():
    """pip install mir_eval==0.8.2; recall, false = melody.voicing_measures(*voicing): 0.745455 and 0.76 of 110
    voiced and 50 unvoiced values."""
    golden = ((1 - 0.7454545) * 110 + 0.76 * 50) / 160
    assert METRICS["voicing_error"].compute(melodies()) == pytest.approx(golden, abs=1e-6)


def test_the_f0_correlation_knows_no_register():
    pair = melodies()
    found = METRICS["f0_correlation"].compute(pair)
    pair.spoken.f0 = pair.spoken.f0**0.5 * 31
    assert METRICS["f0_correlation"].compute(pair) == pytest.approx(found) and 0.5 < found < 1
    pair.spoken.f0 = np.full(160, 100.0)
    assert math.isnan(METRICS["f0_correlation"].compute(pair))


def test_phonemes_are_counted_without_their_marks():
    assert count_phonemes("mˈɔɪən, vˈɛɪ!") == 8 and count_phonemes("ʦˌuːʰ — …") == 2
    pair = Pair(Clip(speech(1.0)), Clip(speech(2.0)), phonemes="ɑ" * 20)
    assert METRICS["speaking_rate"].compute(pair) == pytest.approx(10, rel=0.03)
    assert math.isnan(METRICS["speaking_rate"].compute(Pair(pair.natural, pair.spoken)))


def test_a_pause_is_its_share_of_the_sentence():
    gap = np.zeros(round(0.3 * SAMPLE_RATE), np.float32)
    clip = Clip(np.concatenate([speech(0.6), gap, speech(0.6, seed=1)]))
    assert score("pause_share", clip, clip) == pytest.approx(0.3 / 1.5, abs=0.02)


def test_a_line_in_noise_rises_by_its_power():
    """Over the noise in 36 Hz; the mean of a logarithm puts noise alone about 1 dB too low."""
    noise = 0.01 * np.random.default_rng(0).standard_normal(4 * SAMPLE_RATE)
    for db in (-50, -40):
        power = 10 ** (db / 10)
        tone = math.sqrt(2 * power) * np.sin(2 * np.pi * 4800 / SAMPLE_RATE * np.arange(len(noise)))
        lines = spectrum.lines(noise + tone, 1.0, 0, np.ones(300, bool))
        expected = 10 * math.log10(1 + power / (0.01**2 * 36 / 12_000))
        assert lines.steady[round(4800 / spectrum.BIN_HZ)] == pytest.approx(expected + 1, abs=1)
        assert abs(np.median(lines.steady)) < 0.5


def test_the_worst_of_a_tone_is_where_it_sounds(subject):
    whole = with_tone(7200)(subject, -25).samples
    half = len(whole) // 2
    clip = Clip(np.concatenate([subject.clip.samples[:half], whole[half:]]))
    times = METRICS["tone_excess_db"].worst(Pair(subject.clip, clip))
    assert times and min(times) > half / SAMPLE_RATE - 0.1
    assert tones.worst(Pair(subject.clip, subject.clip)) == []


def test_hum_at_the_ends_is_its_level():
    clean = without_offset(
        recording(1.5, before=0.4, after=0.3), SAMPLE_RATE
    )  # made-up speech has one of 5 %
    time = np.arange(len(clean)) / SAMPLE_RATE
    hum_of = {db: 0.1 * 10 ** (db / 20) * math.sqrt(2) * np.sin(2 * np.pi * 100 * time) for db in (-60, -35)}
    quiet, loud = (Clip(clean + np.where(time > 1.9, wave, 0)) for wave in hum_of.values())
    pair = Pair(quiet, loud)
    room = 20 * math.log10(5e-4 / 0.1)
    assert hum.hum_end_db(pair) == pytest.approx(-35 - room, abs=1.5)
    assert hum.worst(pair)[0] == pytest.approx(2.05, abs=0.1)
    cut = Clip(speech(1.5))
    assert math.isnan(hum.hum_end_db(Pair(cut, loud)))


def test_clicks_are_found_where_they_are():
    wave = recording(1.0, before=0.4, after=0.6)
    for second in (0.2, 1.7):
        wave[round(second * SAMPLE_RATE)] += 0.2
    clip = Clip(wave)
    assert sorted(clicks.times(clip)) == pytest.approx([0.2, 1.7], abs=0.002)
    assert clicks.clicks(Pair(clip, clip)) == pytest.approx(2 / 2.0)
    assert not clicks.times(Clip(recording(1.0)))


def test_clipping_is_found_at_any_gain_and_rate():
    wave = speech(1.5)
    limit = np.quantile(np.abs(wave), 0.99)
    for gain, rate in ((1.0, 24_000), (0.05, 24_000), (0.5, 22_050)):
        clip = Clip(gain * np.clip(wave, -limit, limit), rate)
        pair = Pair(clip, clip)
        assert clipping.clipping_percent(pair) == pytest.approx(1, abs=0.25)
        assert clipping.worst(pair)
    clean = Clip(wave)
    assert clipping.clipping_percent(Pair(clean, clean)) == 0 and not clipping.worst(Pair(clean, clean))


def test_noise_in_a_gap_is_found_there():
    gap = np.zeros(round(0.2 * SAMPLE_RATE), np.float32)
    hiss = 1e-3 * np.random.default_rng(0).standard_normal(len(gap))
    first, second, third = (without_offset(speech(0.5, seed=seed), SAMPLE_RATE) for seed in range(3))
    parts = [first, gap, second, gap, third]
    noisy = [*parts[:3], hiss, parts[4]]
    pair = Pair(Clip(np.concatenate(parts)), Clip(np.concatenate(noisy)))
    assert gap_noise.worst(pair)[0] == pytest.approx(1.3, abs=0.05)


def test_a_pulse_train_buzzes_more_than_a_voice_with_breath():
    breath = Clip(speech(1.0) + 0.02 * np.random.default_rng(1).standard_normal(SAMPLE_RATE))
    pair = Pair(breath, Clip(speech(1.0)))
    assert buzz.buzz_db(pair) > 3 and buzz.worst(pair)
