"""The recordings of the Lëtzebuerger Online Dictionnaire: denZLS's data sets on the Hugging Face hub, in parquet.

    denZLS/Luxembourgish-Male-TTS-for-LOD    CC BY-NC 4.0
    denZLS/Luxembourgish-Female-TTS-for-LOD  CC BY 4.0

FOLDER is a local copy with *.parquet files at any depth; REPOSITORY is downloaded from the hub at REVISION. Each row
has audio and a text, in the first of the known columns or in --text-column, and perhaps a speaker. Audio is stored as
`{bytes, path}`, as bytes, or as the path of a file beside it. This program was tested on artificial files of this
format, not on the data sets themselves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import click

from moien.audio import EXTENSIONS
from moien.corpus.datadir import Utterance, clean_text
from moien.corpus.metadata import column_of
from moien.corpus.programs import Needed
from moien.corpus.readers import find_folder, name_speakers, program, utterance_id, write_corpus
from moien.corpus.recordings import fold, split_ending, walk
from moien.errors import WrongCall, WrongData
from moien.progress import track

if TYPE_CHECKING:
    import pyarrow

AUDIO = "audio"
TEXT_COLUMNS = ("text", "transcription", "sentence", "transcript", "normalized_text")
BATCH_ROWS = 256
BYTES, TEXTS = {"binary", "large_binary"}, {"string", "large_string", "null"}  # Arrow's types
NUMBERS = {"int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"}
# How the bytes of a file begin, for those without a name.
FORMATS = {b"fLaC": ".flac", b"OggS": ".ogg", b"ID3": ".mp3", b"\xff\xfb": ".mp3", b"\xff\xf3": ".mp3"}


class Record(NamedTuple):
    """A row: `place` is `file:row`, `source` the path that its audio once had, `audio` a file or why there is none."""

    place: str
    source: str
    text: str
    speaker: str
    audio: Path | str


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
    files = [path for path in sorted(walk(root)) if path.endswith(".parquet")]
    if not files:
        raise WrongData("the folder has no parquet file", where=root)
    (out / "audio").mkdir(parents=True, exist_ok=True)
    records = [record for file in files for record in read_file(root, file, out / "audio", text_column)]
    if not records:
        raise WrongData(f"no row in {len(files)} parquet files", where=root)
    speakers = name_speakers((record.place, record.speaker or speaker) for record in records)
    utterances: list[Utterance] = []
    dropped: dict[str, str] = {}
    for record, name in zip(records, name_rows(records), strict=True):
        reader = speakers[record.speaker or speaker]
        utt = utterance_id(reader, name)
        if isinstance(record.audio, str):
            dropped[utt] = f"a text without audio: {record.place}: {record.audio}"
        elif not record.text:
            dropped[utt] = f"audio without a text: {record.place}"
        else:
            utterances.append(Utterance(utt, reader, record.text, record.audio))
    write_corpus(out, utterances, dropped)


def read_file(root: Path, path: str, audio: Path, text_column: str | None) -> Iterator[Record]:
    """The rows of a parquet file; the sounds in it are written into the folder `audio`."""
    import pyarrow
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.ParquetFile(root / path)
        text, speaker = find_columns(table.schema_arrow, text_column, root / path)
        batches = table.iter_batches(BATCH_ROWS, columns=[AUDIO, text, *filter(None, [speaker])])
        rows = (row for batch in batches for row in batch.to_pylist())
        for number, row in enumerate(track(rows, f"read {path}", table.metadata.num_rows), start=1):
            base = f"{path.removesuffix('.parquet').replace('/', '_')}-{number:06d}"
            source, sound = unpack(row[AUDIO], root / path, audio / base)
            reader = row.get(speaker, "")
            if reader is None:
                raise WrongData(f"no `{speaker}`", where=f"{root / path}:{number}")
            yield Record(f"{path}:{number}", source, clean_text(row[text] or ""), str(reader), sound)
    except (pyarrow.ArrowException, UnicodeDecodeError, OSError) as error:
        if isinstance(error, OSError) and error.errno:  # no room for the audio, no permission
            raise
        raise WrongData(f"not a parquet file, or damaged: {error}", where=root / path) from None


def unpack(sound: dict[str, Any] | bytes | str | None, file: Path, target: Path) -> tuple[str, Path | str]:
    """The path that the audio of a row once had, and a file with it, or the reason for none.

    Bytes are written as `target` with an ending; without bytes, the path is that of a file beside `file`.
    """
    fields: dict[str, Any] = sound if isinstance(sound, dict) else {}
    data = sound if isinstance(sound, bytes) else fields.get("bytes")
    source: str = sound if isinstance(sound, str) else fields.get("path") or ""
    if data:
        ending = split_ending(urlsplit(source).path)[1]
        if ending not in EXTENSIONS:
            ending = next((name for start, name in FORMATS.items() if data.startswith(start)), ".wav")
        whole = target.with_name(target.name + ending)
        whole.write_bytes(data)
        return source, whole
    if not source:
        return "", "neither bytes nor a path"
    beside = file.parent / source
    return source, beside if beside.is_file() else f"no bytes, and no file {beside}"


def find_columns(schema: pyarrow.Schema, text_column: str | None, file: Path) -> tuple[str, str]:
    """The columns of the text and of the speaker ("" if there is none).

    WrongData for a column that is missing or of a type that is not read.
    """
    text = text_column or next((name for name in TEXT_COLUMNS if name in schema.names), "")
    if text not in schema.names or AUDIO not in schema.names:
        raise WrongData(
            f"no column `{AUDIO}` or `{text or 'text'}`; the columns are {', '.join(schema.names)}",
            where=file,
            remedy="name the column of the text with --text-column",
        )
    sound = schema.field(AUDIO).type
    parts = (
        {part.name: str(part.type) for part in sound} if str(sound).startswith("struct") else {"": str(sound)}
    )
    allowed = {"bytes": BYTES | {"null"}, "path": TEXTS, "": BYTES | TEXTS}
    known = [part in allowed[name] for name, part in parts.items() if name in allowed]
    if not known or not all(known):
        raise WrongData(f"the column `{AUDIO}` is {sound}, not {{bytes, path}}, bytes or a path", where=file)
    speaker = next((name for name in schema.names if column_of(name) == "speaker"), "")
    for column, fits in ((text, TEXTS), (speaker, TEXTS | NUMBERS)):
        kind: Any = schema.field(column).type if column else "null"
        if str(kind.value_type if str(kind).startswith("dictionary") else kind) not in fits:
            remedy = (
                f"--text-column names another one of {', '.join(schema.names)}" if column == text else None
            )
            raise WrongData(f"the column `{column}` is {kind}, not text", where=file, remedy=remedy)
    return text, speaker


def name_rows(records: Sequence[Record]) -> list[str]:
    """What ids call each row: the name of its audio, or file and row where that is missing or not the only one."""
    stems = [split_ending(urlsplit(record.source).path)[0] for record in records]
    files = [record.place.rpartition(".parquet:")[0] for record in records]
    rows, same_stem = Counter(map(fold, stems)), Counter(PurePosixPath(file).name for file in set(files))
    names = []
    for record, stem, file in zip(records, stems, files, strict=True):
        short = PurePosixPath(file).name
        shard = short if same_stem[short] == 1 else file.replace("/", "_")
        number = int(record.place.rpartition(":")[2])
        names.append(stem if stem and rows[fold(stem)] == 1 else f"{shard}-{number:06d}")
    return names


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
