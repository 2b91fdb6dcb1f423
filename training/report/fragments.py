"""Pieces of the page: figures with their pictures inside, tables, matrices.

All texts given to these functions are HTML: what comes from elsewhere is escaped before.
"""

import base64
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from training.report.png import png_size

Cell = str | int


def image(png: bytes, description: str, *, density: float = 1) -> str:
    """Embed a PNG file.

    Args:
        png: The file.
        description: Text for those who do not see it.
        density: Its pixels per CSS pixel; 1 for tiles, whose pixels stay squares.
    """
    width, height = (round(side / density) for side in png_size(png))
    css_class = "tiles" if density == 1 else "chart"
    data = base64.b64encode(png).decode("ascii")
    return (
        f'<img class="{css_class}" src="data:image/png;base64,{data}" alt="{description}" '
        f'width="{width}" height="{height}">'
    )


def figure(png: bytes, caption: str, *, density: float = 1) -> str:
    """Embed a PNG file with a caption, which describes it too."""
    picture = image(png, caption, density=density)
    return f"<figure>{picture}<figcaption>{caption}</figcaption></figure>"


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
    header: Sequence[Cell],
    rows: Iterable[Sequence[Cell]],
    *,
    groups: Sequence[tuple[str, int]] = (),
    footer: Sequence[Cell] = (),
    css_class: str = "",
) -> str:
    """Write a table whose first column names the rows.

    Args:
        header: Names of the columns.
        rows: Their values.
        groups: Names above several columns, each with how many; the first column has none.
        footer: A last row, set apart.
        css_class: Class of the table.
    """
    spans = "".join(f'<th scope="colgroup" colspan="{span}">{name}</th>' for name, span in groups)
    above = f'<tr class="groups"><td></td>{spans}</tr>' if groups else ""
    head = "".join(f'<th scope="col">{cell}</th>' for cell in header)
    body = "".join(_table_row(row) for row in rows)
    foot = f"<tfoot>{_table_row(footer)}</tfoot>" if footer else ""
    return (
        f'<table class="{css_class}"><thead>{above}<tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody>{foot}</table>"
    )


def _table_row(row: Sequence[Cell]) -> str:
    """Write one row."""
    name, *cells = row
    values = "".join(f"<td>{cell}</td>" for cell in cells)
    return f'<tr><th scope="row">{name}</th>{values}</tr>'
