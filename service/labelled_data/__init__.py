"""Labelled data of one upload for an evaluation: bytes in, images with their labels out.

    bytes -> form (told by the bytes) -> LabelledData -> LabelledItem, one at a time

Three forms: a zip of pictures in folders named by their digit (`picture_zip`), an `.npz` with
`images` and `labels` (`npz`), and an IDX image/label pair (`idx`). Every size is bounded before or
while it is read, nothing is unpickled and nothing written to disk. May import neither FastAPI nor
TensorFlow.
"""

from service.labelled_data.items import LabelledData, LabelledDataLimits, LabelledItem
from service.labelled_data.reading import read_labelled_data

__all__ = ["LabelledData", "LabelledDataLimits", "LabelledItem", "read_labelled_data"]
