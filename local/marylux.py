"""Marylux: 52 minutes of read Luxembourgish by one native speaker (Judith Manzoni, 2014, © DFKI GmbH).

Licence CC BY-NC-SA 4.0: a voice trained on it is for non-commercial use, with credit, under the same licence.

The corpus comes from `marylux/` in a folder of MOIEN_MIRROR: metadata.csv (id|text|status), wavs/ID.flac and
reference_segments.jsonl, each part checked by sha256.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from moien.corpus import find_audio, program, read_columns, write_corpus
from moien.data import SEGMENTS
from moien.datadir import Utterance
from moien.errors import WrongData
from moien.fetch import check_digest, find_in_mirror, sha256_file, sha256_files

SPEAKER = "marylux"
METADATA = "5c5011ed4e1e135eecadff7da816f0cd0d3bf6ba08aa3e6994e569f846ac9257"
REFERENCE = "36d6aece5bac4e9f7229b70739156654eb854f037f8f9d2295b5b1b4c7a43508"
WAVS = "f0a791c366eed93cd1c9b75b77579a8daa2ae8c2dbfc5a505306b1494a11a64f"


@program
@click.argument("out", type=click.Path(path_type=Path))
def main(out: Path) -> None:
    """Write the data directory OUT."""
    folder = find_in_mirror("marylux")
    if folder is None:
        raise WrongData("Marylux is not there", remedy="name a folder with marylux/ in MOIEN_MIRROR")
    audio = find_audio(folder / "wavs")
    check_digest(sha256_file(folder / "metadata.csv"), METADATA, folder / "metadata.csv")
    check_digest(sha256_file(folder / SEGMENTS), REFERENCE, folder / SEGMENTS)
    check_digest(sha256_files(audio.values()), WAVS, folder / "wavs")
    print(f"Marylux: from the mirror, {folder}")
    rows = [fields for _, fields in read_columns(folder / "metadata.csv", "|", (3,))][1:]
    utterances = [Utterance(i, SPEAKER, text, audio[i], None, status, prompt(i)) for i, text, status in rows]
    write_corpus(out, utterances, {})
    shutil.copyfile(folder / SEGMENTS, out / SEGMENTS)


def prompt(clip: str) -> str:
    """`marylux_lb-wiki-1007` is the second half of prompt `marylux_lb-wiki-0007`."""
    stem, _, number = clip.rpartition("-")
    return f"{stem}-{int(number) % 1000:04d}"


if __name__ == "__main__":
    main()
