"""Pieces of the page: figures with their pictures inside, tables, matrices."""

import base64
import html
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from training.report.png import png_size

Cell = str | int


def image(png: bytes, description: str, *, density: int = 1) -> str:
    """Embed a PNG file.

    Args:
        png: The file.
        description: Text for those who do not see it.
        density: Its pixels per CSS pixel.
    """
    width, height = (side // density for side in png_size(png))
    data = base64.b64encode(png).decode("ascii")
    return (
        f'<img src="data:image/png;base64,{data}" alt="{html.escape(description)}" '
        f'width="{width}" height="{height}">'
    )


def figure(png: bytes, caption: str, *, density: int = 1, css_class: str = "wide") -> str:
    """Embed a PNG file with a caption, which describes it too."""
    picture = image(png, caption, density=density)
    text = html.escape(caption)
    return f'<figure class="{css_class}">{picture}<figcaption>{text}</figcaption></figure>'


def matrix(numbers: npt.ArrayLike, *, marked: Iterable[tuple[int, int]] = ()) -> str:
    """Write whole numbers [H, W] as a table; marked cells (row, column) stand out."""
    marks = set(marked)
    rows = []
    for i, row in enumerate(np.asarray(numbers).astype(int).tolist()):
        cells = (
            f'<td class="marked">{value}</td>' if (i, j) in marks else f"<td>{value}</td>"
            for j, value in enumerate(row)
        )
        rows.append(f"<tr>{''.join(cells)}</tr>")
    return f'<table class="matrix"><tbody>{"".join(rows)}</tbody></table>'


def operator(sign: str) -> str:
    """Write the sign between two pictures or matrices."""
    return f'<span class="operator">{sign}</span>'


def table(
    header: Sequence[Cell], rows: Iterable[Sequence[Cell]], *, footer: Sequence[Cell] = ()
) -> str:
    """Write a table whose first column names the rows."""
    head = "".join(f'<th scope="col">{_escape(cell)}</th>' for cell in header)
    body = "".join(_table_row(row) for row in rows)
    foot = f"<tfoot>{_table_row(footer)}</tfoot>" if footer else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody>{foot}</table>"


def _table_row(row: Sequence[Cell]) -> str:
    """Write one row."""
    name, *cells = row
    values = "".join(f"<td>{_escape(cell)}</td>" for cell in cells)
    return f'<tr><th scope="row">{_escape(name)}</th>{values}</tr>'


def _escape(cell: Cell) -> str:
    return html.escape(str(cell))
