"""The recordings of the Lëtzebuerger Online Dictionnaire: denZLS's data sets on the Hugging Face hub, in parquet.

    denZLS/Luxembourgish-Male-TTS-for-LOD    CC BY-NC 4.0
    denZLS/Luxembourgish-Female-TTS-for-LOD  CC BY 4.0

FOLDER is a local copy with *.parquet files at any depth; REPOSITORY is downloaded from the hub at REVISION. Each row
has audio, stored as `{bytes, path}`, and a text, in the first of the known columns or in --text-column. This program
was tested on artificial files of this format, not on the data sets themselves.
"""

from __future__ import annotations

from pathlib import Path

import click

from moien.corpus.datadir import Utterance, clean_text
from moien.corpus.programs import Needed
from moien.corpus.readers import find_folder, program, speaker_name, utterance_id, write_corpus
from moien.errors import WrongCall, WrongData
from moien.progress import track

TEXT_COLUMNS = ("text", "transcription", "sentence", "transcript", "normalized_text")
BATCH_ROWS = 256


@program
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--folder", type=Needed(find_folder), help="A local copy: a path, or a folder in MOIEN_MIRROR.")
@click.option("--repository", help="A data set on the hub, e.g. denZLS/Luxembourgish-Female-TTS-for-LOD.")
@click.option(
    "--revision", help="Commit of the data set; required with --repository, so that the data stay the same."
)
@click.option("--speaker", default="lod", show_default=True, help="Name of the speaker.")
@click.option(
    "--text-column", help="Column of the text.  [default: the first of " + ", ".join(TEXT_COLUMNS) + "]"
)
def main(
    out: Path,
    folder: str | None,
    repository: str | None,
    revision: str | None,
    speaker: str,
    text_column: str | None,
) -> None:
    """Write the data directory OUT, the audio into OUT/audio."""
    if bool(folder) == bool(repository) or bool(repository) != bool(revision):
        raise WrongCall("give either --folder, or --repository and --revision")
    root = find_folder(folder) if folder else from_hub(str(repository), str(revision))
    files = sorted(root.rglob("*.parquet"))
    if not files:
        raise WrongData("the folder has no parquet file", where=root)
    (out / "audio").mkdir(parents=True, exist_ok=True)
    utterances: list[Utterance] = []
    dropped: dict[str, str] = {}
    for file in track(files, "read parquet"):
        read_file(file, out / "audio", speaker_name(speaker), text_column, utterances, dropped)
    write_corpus(out, utterances, dropped)


def read_file(
    file: Path,
    audio: Path,
    speaker: str,
    text_column: str | None,
    utterances: list[Utterance],
    dropped: dict[str, str],
) -> None:
    """Add the rows of one parquet file; a row without audio or text is dropped by `file:row`."""
    import pyarrow
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.ParquetFile(file)
    except (pyarrow.ArrowInvalid, OSError) as error:
        raise WrongData(f"not a parquet file: {error}", where=file) from None
    names = table.schema_arrow.names
    column = text_column or next((name for name in TEXT_COLUMNS if name in names), "")
    if column not in names or "audio" not in names:
        raise WrongData(
            f"no column `audio` or `{column or 'text'}`; the columns are {', '.join(names)}",
            where=file,
            remedy="name the column of the text with --text-column",
        )
    number = 0
    for batch in table.iter_batches(BATCH_ROWS, columns=["audio", column]):
        for row in batch.to_pylist():
            number += 1  # the first row is 1
            here = f"{file.name}:{number}"
            sound, text = row["audio"] or {}, clean_text(row[column] or "")
            source = Path(sound.get("path") or "")
            name = utterance_id(speaker, source.stem or f"{file.stem}-{number:06d}")
            if not sound.get("bytes"):
                dropped[name] = f"a text without audio: {here}"
            elif not text:
                dropped[name] = f"audio without a text: {here}"
            else:
                path = audio / f"{name}{source.suffix or '.wav'}"
                path.write_bytes(sound["bytes"])
                utterances.append(Utterance(name, speaker, text, path))


def from_hub(repository: str, revision: str) -> Path:
    """Download the parquet files of a data set at a commit into the hub's cache; return the folder."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        found = snapshot_download(
            repository, repo_type="dataset", revision=revision, allow_patterns=["*.parquet"]
        )
    except (HfHubHTTPError, LocalEntryNotFoundError, ConnectionError) as error:
        raise WrongData(f"cannot be downloaded: {error}", where=repository, remedy="use --folder") from None
    return Path(found)


if __name__ == "__main__":
    main()
