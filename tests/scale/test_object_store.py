"""Tests of bulk scoring from and to an object store, by pyarrow's own client of S3 and a store in this process."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from service.bulk.storage import locate
from tests.scale.object_store import ObjectStore, running_store
from tests.scale.sources import make_pictures, write_parquet, write_zip
from tests.scale.test_bulk import BLOCK, score

PICTURES = make_pictures(2 * BLOCK + 1)


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectStore]:
    """A store, and keys for it, which it does not look at."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with running_store() as store:
        yield store


def read_rows(store: ObjectStore) -> dict[str, Any]:
    """Return the errors of the results, by path."""
    folder = locate(store.url("bucket/out"))
    rows = pq.read_table(folder.path, filesystem=folder.filesystem).to_pylist()
    return {row["path"]: row["error"] for row in rows}


def test_folder(store: ObjectStore) -> None:
    """Objects of any name below a prefix are scored to objects, and passed over the next time."""
    names = [f"s3://bucket/in/{index // 10}/{index} #ü.png" for index in range(len(PICTURES))]
    store.objects |= {
        name.removeprefix("s3://"): picture for name, picture in zip(names, PICTURES, strict=True)
    }

    first, second = (score(store.url("bucket/in"), store.url("bucket/out")) for _ in range(2))

    assert (first.scored, first.failed, first.failure) == (len(PICTURES), 0, "")
    assert (second.scored, second.skipped) == (0, len(PICTURES))
    assert read_rows(store) == dict.fromkeys(names)


def test_pattern(store: ObjectStore) -> None:
    """A pattern chooses among the objects."""
    for name in ("a.png", "b/c.png", "d.jpeg"):
        store.objects[f"bucket/in/{name}"] = PICTURES[0]

    score(store.url("bucket/in/**/*.png"), store.url("bucket/out"))

    assert set(read_rows(store)) == {"s3://bucket/in/a.png", "s3://bucket/in/b/c.png"}


def test_containers(store: ObjectStore, tmp_path: Path) -> None:
    """Zips and Parquet files are read where they lie."""
    store.objects["bucket/in/a.zip"] = write_zip(tmp_path / "a.zip", PICTURES).read_bytes()
    table = write_parquet(tmp_path / "b.parquet", {"image": PICTURES})
    store.objects["bucket/in/b.parquet"] = table.read_bytes()

    tally = score(store.url("bucket/in"), store.url("bucket/out"))

    assert (tally.scored, tally.failed) == (2 * len(PICTURES), 0)


def test_rows_that_name_objects(store: ObjectStore, tmp_path: Path) -> None:
    """A row that names an object which is not there, or a folder, is an error of its own."""
    store.objects["bucket/in/a.png"] = PICTURES[0]
    rows = [store.url(f"bucket/in/{name}") for name in ("a.png", "none.png", "")]
    source = write_parquet(tmp_path / "list.parquet", {"path": rows})

    tally = score(source, store.url("bucket/out"))

    assert tally.failure == ""
    assert [read_rows(store)[row] is not None for row in rows] == [False, True, True]


def test_store_that_refuses(store: ObjectStore, tmp_path: Path) -> None:
    """A store that refuses what rows name ends the run, and no row blames a picture."""
    store.objects["bucket/in/a.png"] = PICTURES[0]
    source = write_parquet(tmp_path / "list.parquet", {"path": [store.url("bucket/in/a.png")]})
    store.is_closed = True

    tally = score(source, tmp_path / "out")

    assert "cannot be read" in tally.failure
    assert not list((tmp_path / "out").iterdir())
