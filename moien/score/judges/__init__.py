"""The judges: models that score speech, which several metrics share or which have to be named in the settings."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from moien.files import sha256_file
from moien.score.settings import ScoreSettings
from moien.style.embed import SpeakerEncoder

if TYPE_CHECKING:  # these import torch
    from moien.score.judges.dvector import DVector
    from moien.score.judges.recogniser import Recogniser
    from moien.score.judges.transcriber import Transcriber


@dataclass(frozen=True)
class Judges:
    """Which models score, and where each comes from. A new one has a field and a method here, and no other place.

    A model is opened when a metric first needs it, and once in a process; what is not named is None.

    Args:
        recogniser: a file of `moien.score.judges.recogniser`.
        transcriber: a model of `moien.score.judges.transcriber`.
        language: the transcriber's, a code such as `lb`.
        device: the torch device of all of them.
    """

    recogniser: Path | None = None
    transcriber: str = ""
    language: str = ""
    device: str = "cpu"

    @classmethod
    def of(cls, settings: ScoreSettings, language: str, device: str, recogniser: Path | None) -> Judges:
        """The judges that the settings of stage 8 name."""
        return cls(recogniser, settings.transcriber, language, device)

    def key(self) -> list[str]:
        """What the scores of these judges depend on."""
        values = (getattr(self, field.name) for field in fields(self))
        return [sha256_file(value) if isinstance(value, Path) else value or "" for value in values]

    def open_recogniser(self) -> Recogniser | None:
        """The phone recogniser."""
        from moien.score.judges.recogniser import open_recogniser

        return open_recogniser(self.recogniser, self.device) if self.recogniser else None

    def open_transcriber(self) -> Transcriber | None:
        """The speech recogniser of the language."""
        from moien.score.judges.transcriber import open_transcriber

        return open_transcriber(self.transcriber, self.language, self.device) if self.transcriber else None

    def open_encoder(self) -> SpeakerEncoder:
        """The speaker encoder."""
        return SpeakerEncoder(self.device)

    def open_dvector(self) -> DVector:
        """The second speaker encoder, which nothing is chosen by."""
        from moien.score.judges.dvector import open_dvector

        return open_dvector(self.device)


DEFAULT_JUDGES = Judges()  # those whose weights come with their packages, on the CPU
