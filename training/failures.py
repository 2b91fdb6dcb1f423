"""Failures: rendered uploads that a bundle reads wrongly and is sure of, for the model card.

bundle, uploads -> the service's way -> Exhibit -> docs/images/failures.png, and the card's list

Rendered uploads alone: real ones belong to others, and are never shown.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from service.bundle import Bundle
from service.engines.litert import LiteRTEngine
from service.errors import UploadError
from service.inference.recognition import Model
from service.preprocessing import UploadLimits, preprocess
from service.preprocessing.decoding import open_image
from training.report.png import contact_sheet, encode_png
from training.upload_benchmark import Upload

Grey = npt.NDArray[np.uint8]

NUM_SHOWN = 20  # keeps the picture below 150 kB
SIDE = 96  # pixels of a picture in a tile
CAPTION = 16  # pixels of height
COLUMNS = 4
PAPER = 240  # grey of a tile around its pictures


@dataclass(frozen=True)
class Failure:
    """A wrong answer with status `ok`.

    Attributes:
        kind: Kind of upload.
        label: What it shows, 0..9.
        answer: What was answered.
        confidence: Probability of the answer, 0..1.
    """

    kind: str
    label: int
    answer: int
    confidence: float


@dataclass(frozen=True)
class Exhibit:
    """A failure with its pictures.

    Attributes:
        failure: What went wrong.
        upload: uint8 [H, W], the upload in grey.
        canonical: uint8 [28, 28], what the network saw; 0 = paper, 255 = ink.
    """

    failure: Failure
    upload: Grey
    canonical: Grey


def find_failures(bundle: Bundle, uploads: Iterable[Upload]) -> list[Exhibit]:
    """Collect the surest wrong answers with status `ok` to uploads that show a digit.

    Returns:
        At most `NUM_SHOWN`, the most probable answer first.
    """
    model, limits = Model(bundle, LiteRTEngine(bundle.litert_program)), UploadLimits()
    seen = (_exhibit(model, upload, limits) for upload in uploads)
    exhibits = [exhibit for exhibit in seen if exhibit]
    return sorted(exhibits, key=lambda it: -it.failure.confidence)[:NUM_SHOWN]


def _exhibit(model: Model, upload: Upload, limits: UploadLimits) -> Exhibit | None:
    """Return an upload's failure, or None where it is right, doubted, refused or shows no digit."""
    if upload.label is None:
        return None
    try:
        prediction = model.predict(preprocess(upload.data, limits))
    except UploadError:
        return None
    if prediction.status != "ok" or prediction.digit == upload.label:
        return None
    failure = Failure(upload.kind, upload.label, prediction.digit, prediction.confidence)
    grey = open_image(upload.data, limits).decode().grey
    return Exhibit(failure, grey, prediction.seen.image)


def write_failures_picture(exhibits: list[Exhibit], docs: Path) -> None:
    """Write `images/failures.png` under the documentation's directory; without any, remove it."""
    path = docs / "images" / "failures.png"
    if not exhibits:
        path.unlink(missing_ok=True)
        return
    tiles = [_tile(f"{number}.", exhibit) for number, exhibit in enumerate(exhibits, start=1)]
    sheet = contact_sheet(np.stack(tiles), columns=COLUMNS, tile_pixels=tiles[0].shape[1])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode_png(sheet))


def _tile(number: str, exhibit: Exhibit) -> Grey:
    """Draw a caption, the upload and what the network saw, uint8 [H, W, 3]."""
    tile = Image.new("L", (2 * SIDE, CAPTION + SIDE), PAPER)
    failure = exhibit.failure
    caption = f"{number} {failure.label} as {failure.answer}, {failure.kind}"
    ImageDraw.Draw(tile).text((3, 1), caption, fill=0, font=ImageFont.load_default(12))
    for column, picture in enumerate((exhibit.upload, exhibit.canonical)):
        fitted = _fit(picture)
        left, top = ((SIDE - size) // 2 for size in fitted.size)
        tile.paste(fitted, (column * SIDE + left, CAPTION + top))
    return np.asarray(tile.convert("RGB"))


def _fit(picture: Grey) -> Image.Image:
    """Reduce a picture to a tile's side, or enlarge its pixels by a whole factor."""
    image = Image.fromarray(picture)
    longer = max(image.size)
    if longer <= SIDE:
        factor = SIDE // longer
        return image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)
    image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    return image
