"""The recordings of the Lëtzebuerger Online Dictionnaire: denZLS's data sets on the Hugging Face hub, in parquet.

    denZLS/Luxembourgish-Male-TTS-for-LOD    CC BY-NC 4.0
    denZLS/Luxembourgish-Female-TTS-for-LOD  CC BY 4.0

FOLDER is a local copy (any depth of *.parquet); REPOSITORY is fetched from the hub, at REVISION. Each row has an
audio, stored as `{bytes, path}`, and a text. The column of the text is found by name, or named by --text-column.
Nobody could reach the hub where this was written: it was tested on made-up files of this form.
"""

from __future__ import annotations

from pathlib import Path

import click

from moien.corpus.datadir import Utterance, clean_text
from moien.corpus.readers import find_folder, program, speaker_name, utterance_id, write_corpus
from moien.errors import WrongCall, WrongData
from moien.progress import track

TEXT_COLUMNS = ("text", "transcription", "sentence", "transcript", "normalized_text")
BATCH_ROWS = 256


@program
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--folder", help="A local copy: a path, or a folder in one of MOIEN_MIRROR.")
@click.option("--repository", help="A data set on the hub, e.g. denZLS/Luxembourgish-Female-TTS-for-LOD.")
@click.option(
    "--revision", help="The commit of the data set: needed with --repository, so that it stays the same."
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
        raise WrongData("there is no parquet file in it", where=root)
    (out / "audio").mkdir(parents=True, exist_ok=True)
    utterances: list[Utterance] = []
    dropped: dict[str, str] = {}
    for file in track(files, "unpack parquet"):
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
            number += 1  # from 1, as a person counts rows
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
    """The parquet files of a data set at a commit, in the hub's own cache."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        found = snapshot_download(
            repository, repo_type="dataset", revision=revision, allow_patterns=["*.parquet"]
        )
    except (HfHubHTTPError, LocalEntryNotFoundError, ConnectionError) as error:
        raise WrongData(
            f"the hub does not give it: {error}", where=repository, remedy="use --folder"
        ) from None
    return Path(found)


if __name__ == "__main__":
    main()
