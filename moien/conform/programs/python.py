"""Speak the cases with a Python program: `python.py PROGRAM VOICE CASES OUT`, run in the environment of that program.

It imports nothing of Moien. OUT gets the samples of each case as raw float32, and results.json.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Spoken = tuple[Any, list[int] | None]  # samples, and frames of each token if the program gives them
Speak = Callable[[str, str], Spoken]  # of phonemes and speaker


def kokoro(voice: Path) -> Speak:
    import torch
    from kokoro import KModel

    model = KModel(repo_id="local", config=str(voice / "config.json"), model=str(voice / "model.pth")).eval()

    def speak(phonemes: str, speaker: str) -> Spoken:
        pack = torch.load(voice / "voices" / f"{speaker}.pt", weights_only=True)
        spoken = model(phonemes, pack[len(phonemes) - 1], return_output=True)
        return spoken.audio.numpy(), spoken.pred_dur.tolist()

    return speak


def kokoro_onnx(voice: Path) -> Speak:
    from kokoro_onnx import Kokoro

    model = Kokoro(str(voice / "onnx" / "model.onnx"), str(voice / "onnx" / "voices.bin"))
    frames: list[int] = []
    infer = model._infer  # `create_timed` gives times of phonemes, without the two boundaries

    def keep_frames(*arguments: Any) -> Any:
        audio, duration = infer(*arguments)
        frames.extend(duration.tolist())
        return audio, duration

    model._infer = keep_frames

    def speak(phonemes: str, speaker: str) -> Spoken:
        frames.clear()
        silent = {"trim": False, "sentence_pause": 0.0, "clause_pause": 0.0}
        audio, _ = model.create(phonemes, speaker, is_phonemes=True, **silent)
        return audio, list(frames)

    return speak


def sherpa_onnx(voice: Path) -> Speak:
    import sherpa_onnx as sherpa

    names = {
        "model": "onnx/model.onnx",
        "voices": "sherpa-onnx/voices.bin",
        "tokens": "sherpa-onnx/tokens.txt",
    }
    files = {name: str(voice / path) for name, path in names.items()}
    model = sherpa.OfflineTtsModelConfig(kokoro=sherpa.OfflineTtsKokoroModelConfig(**files))
    tts = sherpa.OfflineTts(sherpa.OfflineTtsConfig(model=model))
    speakers = sorted(path.stem for path in (voice / "voices").glob("*.pt"))

    def speak(phonemes: str, speaker: str) -> Spoken:
        sentence = sherpa.GenerationConfig()
        sentence.sid, sentence.silence_scale = speakers.index(speaker), 1.0
        sentence.phoneme_codepoints = [[ord(symbol) for symbol in phonemes]]
        return tts.generate("", sentence).samples, None

    return speak


def onnxruntime(voice: Path) -> Speak:
    import numpy as np
    import onnxruntime as ort

    session = ort.InferenceSession(voice / "onnx" / "model.onnx")
    vocabulary = json.loads(session.get_modelmeta().custom_metadata_map["kokoro_config"])["vocab"]
    packs = np.load(voice / "onnx" / "voices.bin")

    def speak(phonemes: str, speaker: str) -> Spoken:
        tokens = [0, *(vocabulary[symbol] for symbol in phonemes), 0]
        style = packs[speaker][len(phonemes) - 1]
        feed = {"input_ids": np.array([tokens]), "style": style, "speed": np.ones(1, np.float32)}
        audio, durations, _ = session.run(None, feed)
        return audio, durations.tolist()

    return speak


def main(program: str, voice: str, cases: str, out: str) -> None:
    """Speak every case; what the program refuses is recorded with its message."""
    begin, speak = time.perf_counter(), globals()[program](Path(voice))
    results: dict[str, Any] = {"load_s": time.perf_counter() - begin, "cases": {}}
    for case in json.loads(Path(cases).read_text(encoding="utf-8")):
        begin = time.perf_counter()
        try:
            audio, durations = speak(case["phonemes"], case["speaker"])
        except Exception as error:
            results["cases"][case["id"]] = {"error": f"{type(error).__name__}: {error}"[:200]}
            continue
        seconds = time.perf_counter() - begin
        import numpy as np

        np.asarray(audio, np.float32).tofile(Path(out) / f"{case['id']}.f32")
        results["cases"][case["id"]] = {"seconds": seconds, "durations": durations}
    results["rss_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    (Path(out) / "results.json").write_text(json.dumps(results), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
