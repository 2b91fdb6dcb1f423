"""Companions: the parts that belong to the main part, as the bar of a 5 and the next digit of a number do.

parts -> drawn with the same pen -> not running out of the picture, no label, no bar -> near, or a peer
"""

from service.preprocessing.geometry import Box
from service.preprocessing.morphology import dilate
from service.preprocessing.parts import Part, Parts

SMALL_SIDE = 40  # pixels; smaller pictures are cut close to the digit, and have no lines
SPECK_SHARE = 0.03  # of the main part's ink; smaller parts are dust
FAINT_SHARE = 0.45  # of the main part's ink in a pixel; paler parts were not drawn with its pen
COMPANION_GAP = 0.24  # of the main part's longer side; a stroke of the same digit is nearer
PEER_HEIGHT = 0.6  # of the taller one's height
PEER_GAP = 0.8  # of the taller one's height
PEER_MASS = 0.35  # of the main part's ink
BAR_WIDTH = 0.25  # of its length that a line is wide at most
UNDERLINE_REACH = 0.12  # of the digit's height that a line below it lies within it at most
LABEL_FILL = 0.8  # of its box that a label covers
LABEL_SIDE = 3  # pixels; thinner blocks are strokes
LABEL_THICKNESS = 0.8  # of the main part's strokes; a label is thicker
LABEL_OVERLAP = 0.5  # of a label's height that may lie beside the digit


def find_candidates(main: Part, parts: Parts, shape: tuple[int, ...]) -> list[Part]:
    """Find the parts that were drawn with the same pen as the main part, near it or not.

    Args:
        main: The part that is the digit, or most of it.
        parts: All of the ink's.
        shape: Of the picture [H, W].
    """
    return [
        part
        for part in parts.heaviest
        if part is not main
        and _is_of_same_pen(part, main)
        and not _leaves_picture(part, main, shape)
        and not _is_label(part, main)
        and not _is_bar(part, main)
        and not _is_underline(part, main)
    ]


def with_companions(main: Part, candidates: list[Part], parts: Parts) -> list[Part]:
    """Add its companions to the main part: peers, and what is near to what was added before.

    Args:
        main: The part that is the digit, or most of it.
        candidates: Drawn with its pen.
        parts: All of the ink's.

    Returns:
        The main part, first, and its companions.
    """
    reach = max(1, round(COMPANION_GAP * main.box.longer_side))
    kept = [main]
    added = [part for part in candidates if _is_peer(part, main)]
    while True:
        kept += added
        others = [part for part in candidates if part not in kept]
        if not others:
            return kept
        is_near = parts.reaching(dilate(parts.painted(kept), reach))
        added = [part for part in others if is_near[part.number]]
        if not added:
            return kept


def is_of_digit_size(part: Part, main: Part) -> bool:
    """Tell whether a part is about as tall as the main one, and not much lighter."""
    heights = part.box.height, main.box.height
    return min(heights) > PEER_HEIGHT * max(heights) and part.mass > PEER_MASS * main.mass


def _is_of_same_pen(part: Part, main: Part) -> bool:
    """Tell whether a part is no speck and not paler than the main part."""
    return part.mass >= SPECK_SHARE * main.mass and part.strength >= FAINT_SHARE * main.strength


def _is_peer(part: Part, main: Part) -> bool:
    """Tell whether a part is as large as the main one and beside it: the next digit of a number.

    It stays, so that the network sees that there are two.
    """
    box, other = part.box, main.box
    overlap = box.rows_shared_with(other)
    return (
        is_of_digit_size(part, main)
        and overlap > PEER_HEIGHT * min(box.height, other.height)
        and box.gap_to(other) < PEER_GAP * max(box.height, other.height)
    )


def _leaves_picture(part: Part, main: Part, shape: tuple[int, ...]) -> bool:
    """Tell whether a part runs out of a picture of which the main part does not."""
    return max(shape) > SMALL_SIDE and part.box.touches(shape) and not main.box.touches(shape)


def _is_bar(part: Part, main: Part) -> bool:
    """Tell whether a part is an upright line beside the digit and taller: the side of a box."""
    box, other = part.box, main.box
    is_beside = box.right <= other.left or box.left >= other.right
    is_upright = box.width < BAR_WIDTH * box.height
    return is_beside and is_upright and box.height > other.height


def _is_underline(part: Part, main: Part) -> bool:
    """Tell whether a part is a lying line below the digit, and longer than the digit is high, and on either side."""
    box, other = part.box, main.box
    is_below = box.top + box.bottom > 2 * (other.bottom - UNDERLINE_REACH * other.height)
    is_longer = box.left < other.left and box.right > other.right and box.width > other.height
    return is_below and is_longer and _is_lying(box)


def _is_lying(box: Box) -> bool:
    """Tell whether something is a line along the rows."""
    return box.height < BAR_WIDTH * box.width


def _is_label(part: Part, main: Part) -> bool:
    """Tell whether a part is a filled block beside the digit and thicker than its strokes: a logo."""
    box, other = part.box, main.box
    shorter = min(box.width, box.height)
    if part.fill < LABEL_FILL or shorter < LABEL_SIDE:
        return False
    is_apart = box.gap_to(other) > 0
    is_beside = is_apart or box.rows_shared_with(other) < LABEL_OVERLAP * box.height
    thickness = 2 * main.area / (other.width + other.height)
    return is_beside and shorter > LABEL_THICKNESS * thickness
