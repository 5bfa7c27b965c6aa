"""Files from elsewhere: by sha256, from a mirror folder first, else downloaded once into the user's cache.

`MOIEN_MIRROR` names folders (colon-separated) that may hold the files; `MOIEN_CACHE` the cache. A file with
another digest is never used, wherever it came from.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import tarfile
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PurePosixPath

from moien import __version__
from moien.errors import WrongData
from moien.files import sha256_file, written_whole
from moien.progress import track

CHUNK = 1 << 20
TIMEOUT_S = 30.0


def cache_dir() -> Path:
    """Where downloads are kept: `MOIEN_CACHE`, else ~/.cache/moien."""
    return Path(os.environ.get("MOIEN_CACHE") or Path.home() / ".cache" / "moien")


def find_in_mirror(mirror_path: str) -> Path | None:
    """The file or folder `mirror_path` in the first folder of `MOIEN_MIRROR` that has it."""
    for folder in filter(None, os.environ.get("MOIEN_MIRROR", "").split(os.pathsep)):
        if (found := Path(folder) / mirror_path).exists():
            return found.resolve()
    return None


def sha256_files(files: Iterable[Path]) -> str:
    """Digest of a set of files: of the lines that `sha256sum *` prints of them in the C locale."""
    lines = [f"{sha256_file(path)}  {path.name}\n" for path in sorted(files, key=lambda p: p.name.encode())]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def check_digest(actual: str, expected: str, where: Path) -> None:
    """WrongData unless the digests are equal."""
    if actual != expected:
        raise WrongData(
            f"sha256 {actual}, expected {expected}",
            where=where,
            remedy="it is damaged, or another version: remove it and run again",
        )


def find(sha256: str, mirror_path: str) -> Path | None:
    """The file with this digest in a mirror, else in the cache; WrongData if what is there has another one."""
    for path in (find_in_mirror(mirror_path), _cached(sha256, mirror_path)):
        if path is not None and path.is_file():
            check_digest(sha256_file(path), sha256, path)
            return path
    return None


def _cached(sha256: str, mirror_path: str) -> Path:
    # The digest is in the path, so another version of the file is another file, and a hit needs no rename.
    return cache_dir() / "files" / sha256[:16] / PurePosixPath(mirror_path).name


def fetch(name: str, urls: Sequence[str], sha256: str, mirror_path: str) -> Path:
    """The file called `name` with this digest: from a mirror, else the cache, else the first URL that has it.

    Prints which one it used. WrongData if a mirror's copy has another digest or no URL gives the file.
    """
    target = _cached(sha256, mirror_path)
    if (found := find(sha256, mirror_path)) is not None:
        print(f"{name}: from the {'cache' if found == target else 'mirror'}, {found}")
        return found
    failures = []
    for url in urls:
        try:
            with written_whole(target) as part:
                download(url, part)
                check_digest(sha256_file(part), sha256, Path(url))
        except WrongData as error:
            failures.append(str(error))
        else:
            print(f"{name}: downloaded from {url}")
            return target
    raise WrongData(
        "could not be downloaded: " + "; ".join(failures),
        where=name,
        remedy=f"put it into a folder as {mirror_path} and name that folder in MOIEN_MIRROR",
    )


def download(url: str, target: Path) -> None:
    """Download `url` to `target`, unchecked: the caller must check what it got. WrongData if it does not come."""
    request = urllib.request.Request(url, headers={"User-Agent": f"moien/{__version__}"})
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response, target.open("wb") as out:
            length = response.headers.get("Content-Length")
            blocks = iter(lambda: response.read(CHUNK), b"")
            total = -(-int(length) // CHUNK) if length else None
            for block in track(blocks, f"download {PurePosixPath(url).name}", total=total):
                out.write(block)
    except (urllib.error.URLError, TimeoutError, ConnectionError, http.client.HTTPException) as error:
        raise WrongData(
            f"the download failed: {error}", where=url, remedy="connect, or use MOIEN_MIRROR"
        ) from None


def unpack(archive: Path, target: Path, choose: Callable[[PurePosixPath], str | None]) -> list[Path]:
    """Unpack regular files of a tar archive into `target` as `choose(path in the archive)` names them.

    `choose` returns a file name below `target` or None to leave a member out. Links, devices and names that
    lead out of `target` are errors: an archive is somebody else's data.
    """
    target.mkdir(parents=True, exist_ok=True)
    written = []
    try:
        with tarfile.open(archive) as tar:
            for member in track(tar, f"unpack {archive.name}"):
                chosen = choose(PurePosixPath(member.name))
                if member.isdir() or chosen is None:
                    continue
                path = (target / chosen).resolve()
                stream = tar.extractfile(member) if member.isreg() else None
                if stream is None or not path.is_relative_to(target.resolve()):
                    raise WrongData(f"the member {member.name!r} is no plain file inside it", where=archive)
                path.parent.mkdir(parents=True, exist_ok=True)
                with path.open("wb") as out:
                    while block := stream.read(CHUNK):
                        out.write(block)
                written.append(path)
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise WrongData(f"not a whole tar archive: {error}", where=archive) from None
    return written
