"""Sources to score: pictures of validation digits, in every form that `digitserve score` reads."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

ROOT = Path(__file__).parents[2]
DIGITS = ROOT / "models" / "digits" / "1" / "assets.extra" / "validation.npz"


def make_pictures(count: int) -> list[bytes]:
    """Return PNGs of validation digits, all different for up to a thousand."""
    with np.load(DIGITS) as data:
        images = data["images"]
    return [_encode(images[index % len(images)]) for index in range(count)]


def _encode(image: "np.typing.NDArray[np.uint8]") -> bytes:
    """Write a digit as a PNG."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()


def write_folder(folder: Path, pictures: list[bytes]) -> Path:
    """Write pictures as files, ten a folder."""
    for index, picture in enumerate(pictures):
        path = folder / f"{index // 10:03}" / f"{index:04}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture)
    return folder


def write_zip(path: Path, pictures: list[bytes]) -> Path:
    """Write pictures as a zip."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for index, picture in enumerate(pictures):
            archive.writestr(f"{index:04}.png", picture)
    return path


def write_parquet(path: Path, columns: dict[str, list[bytes] | list[str]], rows: int = 100) -> Path:
    """Write columns as a Parquet file of row groups of so many rows."""
    pq.write_table(pa.table(columns), path, row_group_size=rows)
    return path


def read_results(folder: Path) -> list[dict[str, object]]:
    """Return the rows of a folder of results, sorted by path."""
    rows: list[dict[str, object]] = (
        pq.read_table(folder).to_pylist() if any(folder.glob("*.parquet")) else []
    )
    return sorted(rows, key=lambda row: str(row["path"]))
