"""Uploads: digits, and things that are no digits, rendered as people really upload them.

    digit (MNIST, strokes or fonts) -> kind (pen, paper, light, camera) -> picture -> file

Everything is drawn from a `numpy.random.Generator`: the same kind, digit and seed give the same
picture, on machines with the same fonts. The package needs OpenCV and imports neither TensorFlow
nor Keras, so that many processes can render at once; each should call `cv2.setNumThreads(1)`.
"""

from training.uploads.files import FORMATS, encode
from training.uploads.fonts import print_digit
from training.uploads.kinds import DIGIT_KINDS, render_digit, stage_digit
from training.uploads.others import OTHER_KINDS, render_other, stage_other
from training.uploads.scene import Scene
from training.uploads.strokes import draw_digit

__all__ = [
    "DIGIT_KINDS",
    "FORMATS",
    "OTHER_KINDS",
    "Scene",
    "draw_digit",
    "encode",
    "print_digit",
    "render_digit",
    "render_other",
    "stage_digit",
    "stage_other",
]
