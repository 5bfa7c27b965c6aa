"""Check Kaldi data directories and all their audio files. The exit code is 0 only if nothing is wrong.

Tables must be UTF-8, NFC, sorted in the C locale, with unique keys and the same utterances in all; spk2utt must be the
inverse of utt2spk. Audio must exist, be whole, finite, not silent, not clipped, of the given rate and channels, and as
long as in utt2samples.
"""

from __future__ import annotations

from pathlib import Path

import click

from moien.corpus.datadir import Utterance, read_datadir
from moien.corpus.readers import program
from moien.errors import WrongData
from moien.progress import track


@program
@click.argument("directories", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="DIR…")
@click.option("--rate", type=int, default=24_000, show_default=True, help="Rate in Hz; 0: any.")
@click.option("--channels", type=int, default=1, show_default=True, help="Channels; 0: any.")
@click.option("--max-clipped", default=0.001, show_default=True, help="Share of clipped samples allowed.")
@click.option("--no-audio", is_flag=True, help="Check the tables only.")
def main(directories: tuple[Path, ...], rate: int, channels: int, max_clipped: float, no_audio: bool) -> None:
    """Check each DIR."""
    for directory in directories:
        utterances = read_datadir(directory)
        if not no_audio:
            faults = [
                f"{utt.id}: {fault}"
                for utt in track(utterances, f"check {directory}")
                if (fault := fault_of(utt, rate, channels, max_clipped))
            ]
            if faults:
                raise WrongData(
                    f"{len(faults)} of {len(utterances)} recordings are wrong\n  " + "\n  ".join(faults),
                    where=directory / "wav.scp",
                    remedy="utils/fix_data_dir.py removes utterances that cannot be read",
                )
        speakers = len({utt.speaker for utt in utterances})
        print(f"{directory}: {len(utterances)} utterances, {speakers} speakers: nothing wrong")


def fault_of(utt: Utterance, rate: int, channels: int, max_clipped: float) -> str:
    """The fault of a recording, or ""."""
    from moien.audio import clipped_share, read_audio, read_header

    try:
        header = read_header(utt.audio)
        samples, _ = read_audio(utt.audio)
    except WrongData as error:
        return f"{error.message} ({utt.audio})"
    if rate and header.rate != rate:
        return f"{header.rate} Hz, not {rate}"
    if channels and header.channels != channels:
        return f"{header.channels} channels, not {channels}"
    if utt.samples is not None and utt.samples != header.samples:
        return f"{header.samples} samples, but {utt.samples} in utt2samples"
    if not samples.any():
        return "all samples are zero"
    if (share := clipped_share(samples)) > max_clipped:
        return f"clipped: {share:.2%} of the samples"
    return ""


if __name__ == "__main__":
    main()
