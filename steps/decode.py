"""Stage 7, decode: speak the test split and eval.txt from text alone, with the trained and with the stock voice.

Writes trained/ID.wav and stock/ID.wav, eval-001.wav and so on beside them, and index.jsonl (the texts, speakers,
phonemes and frames). The stock voice is the untouched base with the pack nearest to the speaker; espeak/ID.wav is
speech of espeak-ng, the floor that every voice should exceed.
"""

from __future__ import annotations

import json
import time

from moien.audio import SAMPLE_RATE, write_wav
from moien.corpus.datadir import Utterance, read_datadir
from moien.errors import WrongData
from moien.evenly import evenly
from moien.progress import track
from moien.recipe.sentences import EVAL, check_sentences, read_sentences
from moien.recipe.stages import StageRun, stage

ROWS = ("espeak", "stock", "trained")


@stage("decode")
def main(run: StageRun) -> None:
    """Speak every sentence with both voices; a sentence that cannot be spoken is dropped with the reason."""
    from moien.kokoro.base import ensure_base, load_model, load_pack
    from moien.kokoro.forward import fold_weight_norm
    from moien.kokoro.speak import TorchEngine
    from moien.synth import Synthesiser, load_voice
    from moien.text import espeak_voice, open_frontend
    from moien.threads import use_threads

    use_threads(run.settings.system.threads)
    frontend = open_frontend(run.inputs["g2p"] / "frontend")
    check_sentences(run.recipe_dir, frontend)
    trained = load_voice(run.inputs["train"], frontend, run.device)
    base, styles = ensure_base(run.settings.base), run.inputs["embedding"] / "styles"
    stock_packs = {speaker: load_pack(styles / f"{speaker}.base.pt") for speaker in trained.speakers}
    model = fold_weight_norm(load_model(base.weights, base.config)).to(run.device)
    stock = Synthesiser(TorchEngine(model, stock_packs), frontend)
    voices = {"trained": trained, "stock": stock}
    for row in ROWS:
        (run.out / row).mkdir()

    took, seconds, lines = dict.fromkeys(voices, 0.0), dict.fromkeys(voices, 1e-9), []
    for kind, sentence in track(sentences(run, trained.speakers), "speaking"):
        audio, durations = {}, {}
        try:
            phonemes = frontend(sentence.text)
            for row, voice in voices.items():
                start = time.perf_counter()
                speech = voice.speak(phonemes, sentence.speaker, seed=run.settings.seed)
                took[row] += time.perf_counter() - start
                seconds[row] += len(speech.audio) / SAMPLE_RATE
                audio[row], durations[row] = speech.audio, speech.durations
            audio["espeak"] = espeak_voice.speak(sentence.text, run.settings.language)[0]
        except WrongData as error:  # without one row there is no comparison
            if sentence.id not in run.dropped_before():  # stage 2 has counted it
                run.tally.drop(sentence.id, f"cannot be spoken: {error.message}")
            continue
        for row in ROWS:
            rate = espeak_voice.RATE if row == "espeak" else SAMPLE_RATE
            write_wav(run.out / row / f"{sentence.id}.wav", audio[row], rate)
        run.tally.keep()
        facts = {"id": sentence.id, "kind": kind, "speaker": sentence.speaker, "text": sentence.text}
        spoken = {"phonemes": phonemes.phonemes, "durations": durations}
        lines.append(json.dumps(facts | spoken, ensure_ascii=False) + "\n")
    (run.out / "index.jsonl").write_text("".join(lines), encoding="utf-8")
    for row in voices:  # to the log, not to the manifest: times differ from run to run
        factor = took[row] / seconds[row]
        print(f"{row}: {seconds[row]:.1f} s of speech in {took[row]:.1f} s: real-time factor {factor:.2f}")


def sentences(run: StageRun, speakers: list[str]) -> list[tuple[str, Utterance]]:
    """What to speak: test utterances, evenly chosen if there are many, and eval.txt, the speakers in turn."""
    every = read_datadir(run.inputs["data"] / "test")
    for utterance in (u for u in every if u.speaker not in speakers):  # stage 5 has printed the reason
        run.tally.drop(utterance.id, f"its speaker has no voice: {utterance.speaker}")
    test = [u for u in every if u.speaker in speakers]
    if len(chosen := evenly(test, run.settings.decode.test_sentences)) < len(test):
        print(f"speaking {len(chosen)} of the {len(test)} test utterances (decode.test_sentences)")
    return [("test", utterance) for utterance in chosen] + [
        ("eval", Utterance(f"eval-{n:03d}", speakers[(n - 1) % len(speakers)], text, run.recipe_dir / EVAL))
        for n, (_, text) in enumerate(read_sentences(run.recipe_dir), start=1)
    ]


if __name__ == "__main__":
    main()
