"""Sections that commands write into pages."""

from pathlib import Path

import pytest

from benchmarks.errors import BenchmarkError
from benchmarks.sections import write_section

COMMAND = "python -m benchmarks.overload"
PAGE = f"""# Page

<!-- {COMMAND} -->
<!-- end -->

## More

<!-- another -->
Its own.
<!-- end -->
"""


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A page with the marks of two commands."""
    path = tmp_path / "page.md"
    path.write_text(PAGE)
    return path


def test_replaced(page: Path) -> None:
    """Writing twice leaves the second section alone, and what is around it."""
    write_section(page, COMMAND, "The first one.\n")
    write_section(page, COMMAND, "The second one.\n")

    marks = f"<!-- {COMMAND} -->\n", "<!-- end -->"
    assert page.read_text() == PAGE.replace("".join(marks), "The second one.\n".join(marks), 1)


def test_no_marks(page: Path) -> None:
    """A page without the command's marks stays as it is, and is told of."""
    with pytest.raises(BenchmarkError, match="needs the lines"):
        write_section(page, "python -m benchmarks.cost", "A section.\n")

    assert page.read_text() == PAGE
