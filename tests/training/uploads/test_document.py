"""docs/uploads.md names what there is."""

import re
from pathlib import Path

from training.uploads import DIGIT_KINDS, OTHER_KINDS

DOCUMENT = Path(__file__).parents[3] / "docs" / "uploads.md"


def test_kinds() -> None:
    """Every kind stands in a table of the document, and no other."""
    rows = [line for line in DOCUMENT.read_text().splitlines() if line.startswith("|")]

    named = {kind for row in rows for kind in re.findall(r"`([a-z0-9-]+)`", row)}

    assert named == {*DIGIT_KINDS, *OTHER_KINDS}
