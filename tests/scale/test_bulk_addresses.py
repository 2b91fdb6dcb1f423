"""Tests of the addresses that bulk scoring takes: of sources, and of files that rows of Parquet files name."""

import os
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from service.bulk import BulkError
from service.bulk.storage import locate
from tests.scale.sources import make_pictures, read_results, write_folder, write_parquet, write_zip
from tests.scale.test_bulk import score

PICTURES = make_pictures(50)


class TestAddresses:
    """Of what they may hold, and what they may not."""

    @pytest.mark.parametrize(
        "poison",
        [
            *(
                "",
                ".",
                "a" * 300,
                "b/" * 3000,
                "list.parquet/a",
                "loop",
                "none",
                "null\0",
                "pipe",
                "/",
                "/proc/1/mem",
            ),
            *(
                "file://",
                "file:///%00",
                "x9://bucket/a",
                "://",
                "s3://",
                "s3:///a",
                "s3://b/a?c",
                "s3://b:x/a",
            ),
        ],
    )
    def test_address_that_leads_nowhere(self, poison: str, tmp_path: Path) -> None:
        """Whatever text a row holds in place of an address, it is an error of its own, and spoils no other row."""
        folder = write_folder(tmp_path / "in", PICTURES[:1])
        (folder / "loop").symlink_to(folder / "loop")
        os.mkfifo(folder / "pipe")
        source = write_parquet(folder / "list.parquet", {"path": ["000/0000.png", poison]})

        tally = score(source, tmp_path / "out")

        rows = read_results(tmp_path / "out")
        assert (tally.failure, tally.scored, tally.failed) == ("", 2, 1)
        assert {row["path"] for row in rows if row["error"]} == {poison or f"{source}/1"}

    def test_characters_of_urls(self, tmp_path: Path) -> None:
        """A URL of a file may hold any character, as it is or quoted."""
        (tmp_path / "in").mkdir()
        names = ["a b", "a#b", "a?b", "ü", "50%", "%zz"]
        for name, picture in zip(names, PICTURES, strict=False):
            (tmp_path / "in" / name).write_bytes(picture)
        urls = [f"file://{tmp_path}/in/{name}" for name in (*names, "a%20b", "a%23b")]
        source = write_parquet(tmp_path / "list.parquet", {"path": urls})

        assert score(source, tmp_path / "out").failed == 0
        assert score(f"file://{tmp_path}/in/a?b", tmp_path / "other").scored == 1

    @pytest.mark.parametrize("path", ["a b", "a#b", "a%23b", "ü", "50%", "a[0-9]*", "a//b"])
    def test_characters_of_object_stores(self, path: str) -> None:
        """An object's address may hold any character but `?`, which begins the storage's options."""
        location = locate(f"s3://bucket/{path}?region=x")

        assert location.path == f"bucket/{path}".replace("%23", "#")
        assert location.address == f"s3://{location.path}"

    def test_filesystem_is_made_once(self) -> None:
        """A bucket's filesystem, whose region is asked for at its making, is made once for all its objects."""
        first, second = (locate(f"s3://bucket/{name}.png?region=x") for name in "ab")

        assert first.filesystem is second.filesystem

    def test_name_that_is_no_utf8(self, tmp_path: Path) -> None:
        """A file whose name cannot be told is told of at the start, in a folder and as the source itself."""
        (tmp_path / "in").mkdir()
        path = tmp_path / "in" / os.fsdecode(b"\xff.png")
        path.write_bytes(PICTURES[0])

        with pytest.raises(BulkError, match=r"\\xff\.png"):
            score(tmp_path / "in", tmp_path / "out")
        with pytest.raises(BulkError, match="UTF-8"):
            score(path, tmp_path / "out")


class TestZips:
    """Of what is read of them."""

    def test_zip_is_opened_once(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A worker reads the directory of a zip once for all its parts, and keeps one zip open."""
        opened: list[zipfile.ZipFile] = []
        original = zipfile.ZipFile.__init__

        def count(archive: zipfile.ZipFile, file: Any, *arguments: Any, **named: Any) -> None:
            if isinstance(file, pa.NativeFile):  # none of NumPy's, whose bundles are zips too
                assert sum(each.fp is not None for each in opened) <= 1
                opened.append(archive)
            original(archive, file, *arguments, **named)

        (tmp_path / "in").mkdir()
        for name in ("a.zip", "b.zip"):
            write_zip(tmp_path / "in" / name, PICTURES)
        monkeypatch.setattr(zipfile.ZipFile, "__init__", count)

        tally = score(tmp_path / "in", tmp_path / "out")

        assert tally.scored == 100
        assert len(opened) == 4  # each once to list it, and once to read it
