from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import Path

import pytest

from moien.errors import WrongData
from moien.fetch import cache_dir, fetch, find_in_mirror, sha256_files, unpack

CONTENT = b"a lexicon"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def places(tmp_path, monkeypatch) -> Path:
    """A mirror of two folders, an empty cache and a `web` to download from."""
    for name in ("first", "second", "web"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("MOIEN_MIRROR", f"{tmp_path / 'first'}:{tmp_path / 'second'}")
    monkeypatch.setenv("MOIEN_CACHE", str(tmp_path / "cache"))
    (tmp_path / "web" / "lexicon.txt").write_bytes(CONTENT)
    return tmp_path


def fetch_lexicon(places: Path, *urls: str) -> Path:
    return fetch("the lexicon", urls or [(places / "web" / "lexicon.txt").as_uri()], DIGEST, "lb/lexicon.txt")


def test_the_mirror_comes_first_and_is_named(places, capsys):
    (places / "second" / "lb").mkdir()
    (places / "second" / "lb" / "lexicon.txt").write_bytes(CONTENT)
    assert fetch_lexicon(places) == places / "second" / "lb" / "lexicon.txt"
    assert f"the lexicon: from the mirror, {places / 'second'}" in capsys.readouterr().out
    assert not cache_dir().exists()


def test_the_mirror_is_checked_all_the_same(places):
    (places / "first" / "lb").mkdir()
    (places / "first" / "lb" / "lexicon.txt").write_bytes(b"another")
    with pytest.raises(WrongData, match=f"expected {DIGEST}"):
        fetch_lexicon(places)


def test_a_download_is_kept_and_checked_at_each_use(places, capsys):
    path = fetch_lexicon(places)
    assert path.read_bytes() == CONTENT and path.is_relative_to(places / "cache")
    (places / "web" / "lexicon.txt").unlink()
    assert fetch_lexicon(places) == path
    out = capsys.readouterr().out
    assert "downloaded from file://" in out and "from the cache" in out
    path.write_bytes(b"damaged")
    with pytest.raises(WrongData, match="expected"):
        fetch_lexicon(places)


def test_a_wrong_or_missing_download_leaves_nothing_and_the_next_url_is_tried(places):
    (places / "web" / "wrong.txt").write_bytes(b"a page that says: moved")
    wrong = [(places / "web" / name).as_uri() for name in ("wrong.txt", "none.txt")]
    with pytest.raises(WrongData) as error:
        fetch_lexicon(places, *wrong)
    assert "wrong.txt" in str(error.value) and "none.txt" in str(error.value)
    assert "put it into a folder as lb/lexicon.txt" in str(error.value)
    assert not [p for p in (places / "cache").rglob("*") if p.is_file()]
    right = (places / "web" / "lexicon.txt").as_uri()
    assert fetch_lexicon(places, *wrong, right).read_bytes() == CONTENT


def test_no_mirror_is_no_mirror(monkeypatch):
    monkeypatch.setenv("MOIEN_MIRROR", "")
    assert find_in_mirror("pyproject.toml") is None
    monkeypatch.delenv("MOIEN_MIRROR")
    assert find_in_mirror("pyproject.toml") is None


def test_the_digest_of_files_is_that_of_sha256sum(tmp_path):
    (tmp_path / "b").write_bytes(b"2")
    (tmp_path / "a").write_bytes(b"1")
    listing = "".join(f"{hashlib.sha256(c).hexdigest()}  {n}\n" for n, c in (("a", b"1"), ("b", b"2")))
    expected = hashlib.sha256(listing.encode()).hexdigest()
    assert sha256_files([tmp_path / "b", tmp_path / "a"]) == expected


def archive(path: Path, members: dict[str, bytes | str]) -> Path:
    """A tar.gz of files (bytes) and symbolic links (str)."""
    with tarfile.open(path, "w:gz") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            if isinstance(content, str):
                info.type, info.linkname = tarfile.SYMTYPE, content
                tar.addfile(info)
            else:
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
    return path


def test_only_chosen_members_are_unpacked(tmp_path):
    path = archive(
        tmp_path / "a.tar.gz", {"top/wavs/1.wav": b"1", "top/README": b"no", "top/evil": "/etc/passwd"}
    )
    written = unpack(path, tmp_path / "out", lambda member: member.name if member.suffix == ".wav" else None)
    assert written == [tmp_path / "out" / "1.wav"]
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["1.wav"]


@pytest.mark.parametrize("members", [{"../evil": b"x"}, {"/tmp/evil": b"x"}, {"evil": "/etc/passwd"}])
def test_members_that_lead_out_are_refused(tmp_path, members):
    path = archive(tmp_path / "a.tar.gz", members)
    with pytest.raises(WrongData, match="evil"):
        unpack(path, tmp_path / "in" / "out", str)
    assert not list(tmp_path.rglob("evil"))


def test_a_cut_archive_is_an_error(tmp_path):
    path = archive(tmp_path / "a.tar.gz", {"a": bytes(range(256)) * 40})
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(WrongData, match="not a whole tar archive"):
        unpack(path, tmp_path / "out", str)
