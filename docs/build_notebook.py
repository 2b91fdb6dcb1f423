"""Builds the notebook of the textbook's chapter from its Markdown source, and runs every cell.

    chapter8.md -> read_cells -> execute -> chapter8.ipynb

Text becomes Markdown cells, every fenced block of Python becomes a code cell. Edit the Markdown, then run
`python docs/build_notebook.py`; with `DIGITSERVE_NOTEBOOK_QUICK=1` the cells train for seconds only.
"""

import argparse
import re
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

DOCS = Path(__file__).parent
SOURCE = DOCS / "chapter8.md"
NOTEBOOK = DOCS / "chapter8.ipynb"
CELL_TIMEOUT_S = 1800  # a full training on a slow machine

_CODE_BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def read_cells(source: str) -> Any:
    """Turn the Markdown source into a notebook without outputs.

    Args:
        source: Markdown with fenced blocks of Python.

    Returns:
        A notebook of nbformat 4; its cells are numbered, so that a rebuild changes only what changed.
    """
    cells: list[Any] = []
    for index, part in enumerate(_CODE_BLOCK.split(source)):  # text and code take turns
        if not part.strip():
            continue
        new_cell = nbformat.v4.new_code_cell if index % 2 else nbformat.v4.new_markdown_cell
        cells.append(new_cell(part.strip("\n"), id=f"cell-{len(cells)}"))
    metadata = {
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        "language_info": {"name": "python"},
    }
    return nbformat.v4.new_notebook(cells=cells, metadata=metadata)


def execute(notebook: Any) -> Any:
    """Run every cell in a fresh kernel and keep the outputs.

    Args:
        notebook: What `read_cells` returns; its cells get their outputs.

    Raises:
        nbclient.exceptions.CellExecutionError: If a cell fails.
    """
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT_S,
        record_timing=False,  # times would change with every run
        resources={"metadata": {"path": str(DOCS)}},
    )
    executed = client.execute()
    executed.metadata.language_info = {"name": "python"}  # the patch version is of no interest
    for cell in executed.cells:
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if _is_result(output)]
    return executed


def _is_result(output: Any) -> bool:
    """Tell results from notes of native libraries about this machine, and from empty displays."""
    if output.output_type == "stream":
        return bool(output.name == "stdout")
    return output.output_type != "display_data" or bool(output.data["text/plain"].strip())


def main() -> None:
    """Build the notebook in place."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    notebook = execute(read_cells(SOURCE.read_text(encoding="utf-8")))
    nbformat.validate(notebook)
    NOTEBOOK.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
