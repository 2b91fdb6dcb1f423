"""Every kind of upload that shows no digit, by name.

rng -> mark on the paper of any digit kind, or a scene of its own -> uint8 picture
"""

import numpy as np
import numpy.typing as npt

from training.uploads.kinds import DIGIT_KINDS, stage_digit
from training.uploads.marks import MARKS, number
from training.uploads.other_scenes import SCENES
from training.uploads.pens import Digit
from training.uploads.scene import Rng, Scene

NUMBER = "digits-side-by-side"
OTHER_KINDS: tuple[str, ...] = (*MARKS, NUMBER, *SCENES)
# On these a person could not tell a letter from a digit.
TOO_COARSE = ("counts-8x8", "grey-16x16")
MARK_KINDS = tuple(kind for kind in DIGIT_KINDS if kind not in TOO_COARSE)


def stage_other(kind: str, digits: Digit | None, rng: Rng) -> Scene:
    """Make the scene of something that is no digit: the picture, and the mask of its mark, if any.

    Args:
        kind: One of `OTHER_KINDS`.
        digits: uint8 [N, 28, 28]; those that are put side by side. None draws them.
        rng: Draws everything else.
    """
    if kind in SCENES:
        picture = SCENES[kind](rng)
        return Scene(picture, np.zeros(picture.shape[:2], np.float32))
    mark = number(digits, rng) if kind == NUMBER else MARKS[kind](rng)
    return stage_digit(MARK_KINDS[int(rng.integers(len(MARK_KINDS)))], mark, rng)


def render_other(kind: str, digits: Digit | None, rng: Rng) -> npt.NDArray[np.uint8]:
    """Render something that is no digit.

    Args:
        kind: One of `OTHER_KINDS`.
        digits: uint8 [N, 28, 28]; those that are put side by side. None draws them.
        rng: Draws everything else; the same state gives the same picture.

    Returns:
        uint8 [H, W] grey, [H, W, 3] RGB, or [H, W, 4] RGBA.
    """
    return stage_other(kind, digits, rng).finish()
