"""The voices of espeak-ng: they speak the corpus of `mini`, and are a baseline for every trained voice."""

from __future__ import annotations

import ctypes

import numpy as np

from moien.errors import WrongData
from moien.text.espeak import library, set_voice

RATE = 22_050  # Hz, the only rate of espeak-ng
SILENCE = "_"
WORDS_PER_MINUTE = 145  # espeak-ng's default of 175 is too fast beside the voices of Kokoro
_RATE = 1  # this and the names below are those of speak_lib.h
_PHONEME, _LAST = 7, 0  # types of an event
_CHARS_UTF8, _POS_CHARACTER = 1, 1

Segment = tuple[float, float, str]  # start and duration in seconds, label in IPA


class _Id(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("message", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_ms", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    )


_Samples, _Events = ctypes.POINTER(ctypes.c_short), ctypes.POINTER(_Event)
_Callback = ctypes.CFUNCTYPE(ctypes.c_int, _Samples, ctypes.c_int, _Events)


def speak(text: str, voice: str) -> tuple[np.ndarray, list[Segment]]:
    """Samples float32 `[N]` at 22,050 Hz and the phonemes with their times. WrongData if espeak-ng fails.

    espeak-ng keeps a state between sentences: only the same sentences in the same order, from the start of a process,
    give the same samples.
    """
    blocks = [np.zeros(0, np.int16)]
    starts: list[tuple[int, str]] = []  # sample, label

    def receive(wav, count, events) -> int:  # type: ignore[no-untyped-def]
        if wav and count:
            blocks.append(np.ctypeslib.as_array(wav, (count,)).copy())  # the buffer is used again
        i = 0
        while events[i].type != _LAST:
            if events[i].type == _PHONEME:
                label = events[i].id.string.decode(
                    "utf-8", errors="ignore"
                )  # at most 8 bytes, so it may be cut
                starts.append((events[i].sample, label.strip("ˈˌ") or SILENCE))
            i += 1
        return 0

    library().espeak_ng_SetRandSeed(1)  # breathy voices add noise
    set_voice(voice)
    library().espeak_SetParameter(_RATE, WORDS_PER_MINUTE, 0)
    callback = _Callback(receive)  # must live as long as the library may call it
    library().espeak_SetSynthCallback(callback)
    data = text.encode()
    size = ctypes.c_size_t(len(data) + 1)
    if library().espeak_Synth(data, size, 0, _POS_CHARACTER, 0, _CHARS_UTF8, None, None) != 0:
        raise WrongData("espeak-ng failed", where=repr(text))
    samples = np.concatenate(blocks)
    segments: list[Segment] = []
    ends = [start for start, _ in starts[1:]] + [len(samples)]
    for (start, label), end in zip(starts, ends, strict=True):
        if segments and label == segments[-1][2] == SILENCE:
            begin = segments.pop()[0]
            segments.append((begin, round(end / RATE - begin, 6), SILENCE))
        elif end > start:
            segments.append((round(start / RATE, 6), round((end - start) / RATE, 6), label))
    return samples.astype(np.float32) / 32768, segments
