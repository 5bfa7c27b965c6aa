"""A speech recogniser of the language from a model hub.

Off by default, since it needs a hub or a local folder: `score.transcriber: openai/whisper-small@REVISION`, or a
wav2vec2 that was fine-tuned on the language. It is trained on much more than the corpus, so its errors are comparable
between corpora; it guesses words from their neighbours, so it forgives more than the phone recogniser does.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from moien.audio import SAMPLE_RATE, resample
from moien.errors import WrongCall, WrongData

TASK: Final = "automatic-speech-recognition"
CODES = {"nb": "no", "cmn": "zh"}  # espeak-ng's code → that of the models
APOSTROPHES = str.maketrans({"’": "'", "ʼ": "'"})


class Transcriber:
    """Speech to text, by any model of transformers' "automatic-speech-recognition".

    Args:
        model: a local folder, or `OWNER/NAME@REVISION` on the hub, where the revision is a commit: a branch would
            give other scores next year.
        language: espeak-ng's code (`lb`), for a multilingual model such as Whisper, which would else guess it.
        device: a torch device.

    Raises:
        WrongCall: neither a folder nor a name with its revision, or a language that the model does not know.
        WrongData: the model cannot be loaded.
    """

    def __init__(self, model: str, language: str, device: str = "cpu") -> None:
        from transformers import pipeline

        name, _, revision = model.partition("@")
        if Path(model).is_dir():
            name, revision = model, ""
        elif not revision:
            raise WrongCall(
                f"score.transcriber: {model!r} is neither a folder nor a model with its revision",
                remedy="write OWNER/NAME@COMMIT, as the hub shows it under Files, History",
            )
        try:
            self._pipeline: Any = pipeline(TASK, name, revision=revision or None, device=device)
        except (OSError, ValueError, KeyError) as error:
            raise WrongData(
                f"the transcriber {model} cannot be loaded: {str(error).splitlines()[0]}",
                remedy="name a local folder, or leave score.transcriber empty",
            ) from None
        generation = getattr(self._pipeline.model, "generation_config", None)  # a CTC model has none
        multilingual = getattr(generation, "is_multilingual", False)
        code = CODES.get(language, language.partition("-")[0])
        known = getattr(generation, "lang_to_id", None)  # "<|de|>" → token
        if multilingual and known and f"<|{code}|>" not in known:
            raise WrongCall(
                f"the transcriber {model} does not know the language {language!r}",
                remedy="choose another model, or leave score.transcriber empty",
            )
        options = {"language": code, "task": "transcribe"}
        self._options = {"generate_kwargs": options} if multilingual else {}

    def text(self, samples: np.ndarray) -> str:
        """The transcript of samples at 24 kHz, at most 30 s."""
        audio = {"raw": resample(samples, SAMPLE_RATE, 16_000), "sampling_rate": 16_000}
        return str(self._pipeline(audio, **self._options)["text"])


@lru_cache(maxsize=1)
def open_transcriber(model: str, language: str, device: str = "cpu") -> Transcriber:
    """The transcriber, loaded once in a process."""
    return Transcriber(model, language, device)


def plain(text: str) -> str:
    """Lower case, words of letters and digits with one space between them; apostrophes inside words stay."""
    text = unicodedata.normalize("NFC", text.translate(APOSTROPHES)).casefold()
    kept = "".join(c if c.isalnum() or c == "'" or unicodedata.combining(c) else " " for c in text)
    return " ".join(word for word in (w.strip("'") for w in kept.split()) if word)


def word_error(reference: str, transcript: str) -> float:
    """Edits of words over the words of the reference (jiwer); NaN where it has none."""
    import jiwer

    reference = plain(reference)
    return float(jiwer.wer(reference, plain(transcript))) if reference else float("nan")


def character_error(reference: str, transcript: str) -> float:
    """Edits of characters, spaces included, over the characters of the reference (jiwer); NaN where it has none."""
    import jiwer

    reference = plain(reference)
    return float(jiwer.cer(reference, plain(transcript))) if reference else float("nan")
