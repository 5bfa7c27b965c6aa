"""Settings of stage 2, g2p."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from moien.section import Section


class G2PSettings(Section):
    """Stage 2."""

    front_end: Literal["auto", "espeak"] = Field(
        "auto",
        description="auto: the language's own front end where there is one (lb), because it is better, else the rules "
        "of espeak-ng; espeak: these rules in any case, for comparison.",
    )
    symbols: dict[str, str] = Field(
        default_factory=dict,
        description="Kokoro's symbols for sounds of espeak-ng that have none, e.g. {ɬ: l}. The common ones are built "
        "in; for the others the default is an error, because a wrong guess is worse.",
    )
