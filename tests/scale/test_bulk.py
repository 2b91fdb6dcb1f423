"""Tests of bulk scoring without Ray: what a worker does with the parts of every kind of source."""

import errno
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from fastapi.testclient import TestClient

from service.app import create_app
from service.bulk import BulkError
from service.bulk.attempts import begin
from service.bulk.parts import read_parts, write_part
from service.bulk.progress import describe, follow
from service.bulk.reading import Reader
from service.bulk.results import prepare_folder
from service.bulk.scorer import Job, Scorer, Tally
from service.bulk.sources import list_parts
from service.bulk.storage import locate
from service.settings import Settings
from tests.scale.sources import (
    make_pictures,
    read_results,
    write_folder,
    write_parquet,
    write_zip,
)

BLOCK = 16
PICTURES = make_pictures(50)


def score(source: str | Path, destination: str | Path, column: str | None = None) -> Tally:
    """Score a source as one worker does."""
    settings = Settings()
    location, folder = locate(str(source)), locate(str(destination))
    reader = Reader(location, settings.evaluation_limits.data, BLOCK, column)
    prepare_folder(folder, "digits/1")
    scorer = Scorer(
        Job(reader, settings.upload_limits, folder, settings.models_dir, "digits", settings.engine)
    )
    return sum((scorer.score(part) for part in list_parts(location, BLOCK, column)), Tally())


def ask_service(files: dict[str, bytes]) -> list[dict[str, Any]]:
    """Return the lines that `/predict/batch` answers to pictures."""
    forms = [("file", (name, content)) for name, content in files.items()]
    with TestClient(create_app(Settings())) as client:
        answer = client.post("/predict/batch", files=forms)
    return [json.loads(line) for line in answer.text.splitlines()]


class TestSources:
    """Of the kinds of source."""

    @pytest.mark.parametrize(
        ("make", "pattern"),
        [
            (lambda folder: write_folder(folder / "in", PICTURES), ""),
            (lambda folder: write_folder(folder / "in", PICTURES), "/**/*.png"),
            (lambda folder: write_zip(folder / "in.zip", PICTURES), ""),
            (lambda folder: write_parquet(folder / "in.parquet", {"image": PICTURES}, 20), ""),
        ],
        ids=["folder", "pattern", "zip", "Parquet"],
    )
    def test_each_picture_has_one_row(
        self, make: Callable[[Path], Path], pattern: str, tmp_path: Path
    ) -> None:
        """Every picture of a source has one row, and blocks are no larger than asked for."""
        source = f"{make(tmp_path)}{pattern}"

        tally = score(source, tmp_path / "out")

        rows = read_results(tmp_path / "out")
        assert (tally.scored, tally.failed) == (50, 0)
        assert len({row["path"] for row in rows}) == len(rows) == 50
        sizes = [pa.parquet.read_metadata(path).num_rows for path in (tmp_path / "out").iterdir()]
        assert max(sizes) <= BLOCK

    @pytest.mark.parametrize("scheme", ["file", "local"])
    def test_urls(self, scheme: str, tmp_path: Path) -> None:
        """URLs are read and written, of kinds that pyarrow knows and of those that only fsspec does."""
        write_folder(tmp_path / "in", PICTURES[:3])

        tally = score(f"{scheme}://{tmp_path}/in", f"{scheme}://{tmp_path}/out")

        assert tally.scored == len(read_results(tmp_path / "out")) == 3

    def test_names_of_rows(self, tmp_path: Path) -> None:
        """Rows of a Parquet file are named by its column `path`, or by their number in the file."""
        write_parquet(tmp_path / "named.parquet", {"image": PICTURES[:2], "path": ["a", "b"]})
        write_parquet(tmp_path / "plain.parquet", {"image": PICTURES[:3]}, 2)

        score(f"{tmp_path}/*.parquet", tmp_path / "out")

        names = [
            str(row["path"]).removeprefix(f"{tmp_path}/") for row in read_results(tmp_path / "out")
        ]
        assert names == [*(f"plain.parquet/{number}" for number in range(3)), "a", "b"]

    def test_column_of_paths(self, tmp_path: Path) -> None:
        """A column of text names files, whole or relative to the Parquet file."""
        folder = write_folder(tmp_path / "in", PICTURES[:2])
        files = [
            "000/0000.png",
            str(folder / "000" / "0001.png"),
            f"file://{folder}/000/0000.png",
            "none.png",
        ]
        source = write_parquet(folder / "list.parquet", {"path": files})

        tally = score(source, tmp_path / "out")

        assert (tally.scored, tally.failed) == (4, 1)
        assert {row["path"] for row in read_results(tmp_path / "out")} == set(files)

    @pytest.mark.parametrize(
        ("columns", "wanted"),
        [({"a": PICTURES[:1], "b": PICTURES[:1]}, None), ({"text": ["a"]}, "other")],
    )
    def test_column_that_is_not_clear(
        self, columns: dict[str, Any], wanted: str | None, tmp_path: Path
    ) -> None:
        """Which column holds pictures is asked for where it does not follow from the types."""
        source = write_parquet(tmp_path / "in.parquet", columns)

        with pytest.raises(BulkError, match="--column"):
            score(source, tmp_path / "out", wanted)

    def test_wanted_column(self, tmp_path: Path) -> None:
        """A column that is named is taken."""
        source = write_parquet(tmp_path / "in.parquet", {"a": PICTURES[:1], "b": [b"nothing"]})

        assert score(source, tmp_path / "out", "a").failed == 0

    @pytest.mark.parametrize("name", ["none", "bad.zip", "bad.parquet", "x9://bucket/digits"])
    def test_that_cannot_be_used(self, name: str, tmp_path: Path) -> None:
        """A source that is not there, damaged or of an unknown kind stops the run with what to do."""
        (tmp_path / "bad.zip").write_bytes(b"PK\x03\x04")
        (tmp_path / "bad.parquet").write_bytes(b"PAR1")

        with pytest.raises(BulkError):
            score(name if "://" in name else tmp_path / name, tmp_path / "out")

    def test_junk(self, tmp_path: Path) -> None:
        """What operating systems leave in folders is no picture."""
        write_folder(tmp_path / "in", PICTURES[:1])
        (tmp_path / "in" / ".DS_Store").write_bytes(b"junk")

        assert score(tmp_path / "in", tmp_path / "out").scored == 1


class TestRows:
    """Of what results say."""

    def test_equal_the_service(self, tmp_path: Path) -> None:
        """Pictures, good and bad, have the answers and the errors of `/predict/batch`, to the last digit."""
        files = {f"{index:02}.png": picture for index, picture in enumerate(PICTURES)}
        files |= {
            "90.png": PICTURES[0][:60],
            "91.png": b"text",
            "92.png": b"",
            "93.gif": _white(40),
        }
        for name, content in files.items():
            (tmp_path / "in").mkdir(exist_ok=True)
            (tmp_path / "in" / name).write_bytes(content)

        score(tmp_path / "in", tmp_path / "out")

        rows = read_results(tmp_path / "out")
        members = ("class", "confidence", "probabilities", "status", "warnings")
        for row, line in zip(rows, ask_service(files), strict=True):
            assert Path(str(row["path"])).name == line["name"]
            assert [row[member] for member in members] == [line.get(member) for member in members]
            assert row["error"] == line.get("problem", {}).get("detail")
        assert sum(row["error"] is not None for row in rows) == 4

    def test_bounds(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Files, members and values over the service's bounds on bytes and pixels are rows with that error."""
        monkeypatch.setenv("DIGITSERVE_MAX_UPLOAD_BYTES", "400")
        monkeypatch.setenv("DIGITSERVE_MAX_IMAGE_PIXELS", "1000")
        (tmp_path / "in").mkdir()
        (tmp_path / "in" / "long.png").write_bytes(b"\x89PNG" + bytes(400))
        (tmp_path / "in" / "wide.png").write_bytes(_white(40))
        write_zip(tmp_path / "in" / "long.zip", [b"\x89PNG" + bytes(400)])
        write_parquet(tmp_path / "in" / "long.parquet", {"image": [b"\x89PNG" + bytes(400)]})

        score(tmp_path / "in", tmp_path / "out")

        errors = [str(row["error"]) for row in read_results(tmp_path / "out")]
        assert ["400" in error for error in errors] == [True, True, True, False]
        assert "pixels" in errors[3]

    def test_of_null(self, tmp_path: Path) -> None:
        """A row without a picture, and a member of a zip that is damaged, are rows with an error."""
        table = pa.table({"image": pa.array([None, PICTURES[0]], pa.binary())})
        (tmp_path / "in").mkdir()
        pa.parquet.write_table(table, tmp_path / "in" / "a.parquet")
        packed = bytearray(write_zip(tmp_path / "in" / "b.zip", PICTURES[:2]).read_bytes())
        packed[60:80] = bytes(20)
        (tmp_path / "in" / "b.zip").write_bytes(packed)

        score(tmp_path / "in", tmp_path / "out")

        has_error = [row["error"] is not None for row in read_results(tmp_path / "out")]
        assert has_error == [True, False, True, False]


class TestResuming:
    """Of a destination that has results."""

    def test_is_gone_on_with(self, tmp_path: Path) -> None:
        """Pictures with a result are passed over, those that came since are scored, and leftovers go."""
        source = write_folder(tmp_path / "in", PICTURES[:20])
        score(source, tmp_path / "out")
        (tmp_path / "out" / ".aside.parquet").write_bytes(b"half")
        (source / "000" / "0000a.png").write_bytes(PICTURES[21])

        tally = score(source, tmp_path / "out")

        paths = [row["path"] for row in read_results(tmp_path / "out")]
        assert (tally.scored, tally.skipped) == (1, 20)
        assert len(set(paths)) == len(paths) == 21
        assert not list((tmp_path / "out").glob(".*"))

    def test_errors_of_before_count(self, tmp_path: Path) -> None:
        """Pictures that had an error before are told of again, without those that are no longer in the source."""
        source = write_folder(tmp_path / "in", PICTURES[:20])
        for name in ("bad.png", "gone.png"):
            (source / name).write_bytes(b"text")
        score(source, tmp_path / "out")
        (source / "gone.png").unlink()

        tally = score(source, tmp_path / "out")

        assert (tally.scored, tally.failed, tally.skipped, tally.failed_before) == (0, 0, 21, 1)

    def test_replaces_what_is_done_again(self, tmp_path: Path) -> None:
        """Two workers that score the same block leave one file."""
        source = write_folder(tmp_path / "in", PICTURES[:5])
        score(source, tmp_path / "out")
        (kept,) = (tmp_path / "out").iterdir()
        kept.rename(tmp_path / "kept")

        score(source, tmp_path / "out")

        assert [path.name for path in (tmp_path / "out").iterdir()] == [kept.name]

    @pytest.mark.parametrize("model", ["textbook/1", None])
    def test_of_another_model(self, model: str | None, tmp_path: Path) -> None:
        """Results of another model, or files that are no results, are not added to."""
        metadata = {"digitserve.model": model} if model else None
        table = pa.table({"path": ["a"]}).replace_schema_metadata(metadata)
        (tmp_path / "out").mkdir()
        pa.parquet.write_table(table, tmp_path / "out" / "a.parquet")

        with pytest.raises(BulkError, match="another destination"):
            prepare_folder(locate(str(tmp_path / "out")), "digits/1")


class TestFailures:
    """Of what is no picture's fault."""

    def test_of_the_storage(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A storage that fails stops the worker, and writes no row that blames a picture."""
        source = write_folder(tmp_path / "in", PICTURES[:2])

        def fail(*_: object) -> bytes:
            raise OSError("the network is down")

        monkeypatch.setattr("service.bulk.reading._read_file", fail)

        tally = score(source, tmp_path / "out")

        assert "cannot be read" in tally.failure
        assert tally.scored == 0
        assert not list((tmp_path / "out").iterdir())

    @pytest.mark.parametrize("error", [OSError("no answer"), OSError(errno.EIO, "bad disk")])
    def test_of_the_storage_of_rows(
        self, error: OSError, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A storage that fails where a row names a file that is there is no error of the row either."""
        write_folder(tmp_path / "in", PICTURES[:1])
        source = write_parquet(tmp_path / "list.parquet", {"path": ["in/000/0000.png"]})

        def fail(*_: object) -> None:
            raise error

        monkeypatch.setattr("service.bulk.reading._check_plain", fail)

        assert "cannot be read" in score(source, tmp_path / "out").failure

    def test_of_a_package(self, tmp_path: Path) -> None:
        """A package that is missing is to be installed: nothing is written that blames the rows which need it."""
        source = write_parquet(tmp_path / "list.parquet", {"path": ["abc://x", "sftp://a/b"]})

        assert "install" in score(source, tmp_path / "out").failure
        assert not list((tmp_path / "out").iterdir())

    def test_of_a_part_that_kills_its_workers(self, tmp_path: Path) -> None:
        """A part that three workers have begun and not ended is named, and not begun again; a new run may."""
        [part] = list_parts(locate(str(write_folder(tmp_path / "in", PICTURES[:5]))), BLOCK)
        folder = locate(str(tmp_path / "out"))
        prepare_folder(folder, "digits/1")
        for _ in range(3):
            begin(part, folder)

        with pytest.raises(BulkError, match=r"in/000/0000\.png to .*in/000/0004\.png") as caught:
            begin(part, folder)

        assert "--block 1" in str(caught.value)
        begin(part, folder)
        prepare_folder(folder, "digits/1")
        assert not list((tmp_path / "out").iterdir())

    def test_of_a_container(self, tmp_path: Path) -> None:
        """A Parquet file that is damaged inside stops the worker with its name."""
        source = write_parquet(tmp_path / "in.parquet", {"image": PICTURES})
        damaged = bytearray(source.read_bytes())
        damaged[4:60] = b"\xff" * 56
        source.write_bytes(damaged)

        assert str(source) in score(source, tmp_path / "out").failure

    def test_of_ours(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        """What nobody foresaw is logged and is a row that says so in constant words."""

        def fail(*_: object) -> bytes:
            raise RuntimeError("secret")

        monkeypatch.setattr("service.bulk.reading._read_file", fail)

        score(write_folder(tmp_path / "in", PICTURES[:1]), tmp_path / "out")

        assert "secret" not in str(read_results(tmp_path / "out"))
        assert "secret" in caplog.text


class TestProgress:
    """Of what a person sees."""

    def test_line(self) -> None:
        """A line says how far the run is, and how long the rest takes at the speed so far."""
        line = describe(Tally(scored=500, failed=2, skipped=100), 10_600, 50.0)

        assert line == "600 of 10,600 images, 2 with an error, 50 a second, time left 0:03:20"

    @pytest.mark.parametrize("is_terminal", [False, True])
    def test_sums_up(self, is_terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
        """The tallies are summed up, on a terminal with a bar."""
        monkeypatch.setattr("service.bulk.progress.LINE_EVERY_S", 0.0)
        stream = io.StringIO()
        monkeypatch.setattr(stream, "isatty", lambda: is_terminal)

        total = follow([Tally(1, 0, 1, 1, 0.5), Tally(2, 1, 0, 0, 0.5)], 5, stream)

        assert total == Tally(3, 1, 1, 1, 1.0)
        assert "time left" in stream.getvalue()


def test_parts_are_rows() -> None:
    """A part survives the way to a worker."""
    parts = list(list_parts(locate(str(Path(__file__).parent)), 3))

    assert read_parts(pa.Table.from_pylist([write_part(part) for part in parts])) == parts
    assert all(len(part.names) <= 3 for part in parts)


def test_zip_of_repeated_names(tmp_path: Path) -> None:
    """Of members with the same name the last counts, as unpacking has it."""
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        archive.writestr("a.png", b"text")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("a.png", PICTURES[0])

    tally = score(tmp_path / "in.zip", tmp_path / "out")

    assert (tally.scored, tally.failed) == (1, 0)


def _white(side: int) -> bytes:
    """Return an empty picture."""
    from PIL import Image

    file = io.BytesIO()
    Image.new("L", (side, side), 255).save(file, "PNG")
    return file.getvalue()
