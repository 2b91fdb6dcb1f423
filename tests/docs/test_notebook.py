"""The chapter's notebook: it runs, its results are real, and the committed file is up to date."""

import json
import re
from typing import Any

import nbformat
import pytest

from docs.build_notebook import NOTEBOOK, SOURCE, execute, read_cells

pytestmark = pytest.mark.tensorflow

CHINESE = re.compile(r"[\u4e00-\u9fff]")


def printed(notebook: Any) -> str:
    """Join all that the cells print or return as text."""
    texts: list[str] = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            texts.append(output.get("text") or data.get("text/plain", ""))
    return "\n".join(texts)


def num_pictures(notebook: Any) -> int:
    """Count the PNG pictures among the outputs."""
    return sum(
        "image/png" in output.get("data", {})
        for cell in notebook.cells
        for output in cell.get("outputs", [])
    )


@pytest.fixture(scope="module")
def source() -> Any:
    """Read the source into a notebook without outputs."""
    return read_cells(SOURCE.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def executed() -> Any:
    """Run every cell in quick mode, once for all tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIGITSERVE_NOTEBOOK_QUICK", "1")
        return execute(read_cells(SOURCE.read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def committed() -> Any:
    """Read the committed notebook."""
    return nbformat.read(NOTEBOOK, as_version=4)


@pytest.fixture(scope="module")
def results(executed: Any) -> str:
    """What the quick run printed."""
    return printed(executed)


class TestReadCells:
    """`read_cells` splits the Markdown source."""

    def test_text_and_code_take_turns(self) -> None:
        """A fenced block of Python is a code cell, what is around it is Markdown."""
        notebook = read_cells("# Title\n\n```python\nx = 1\n\ny = 2\n```\n\nEnd\n")

        assert [(cell.cell_type, cell.source) for cell in notebook.cells] == [
            ("markdown", "# Title"),
            ("code", "x = 1\n\ny = 2"),
            ("markdown", "End"),
        ]

    def test_other_fences_stay_text(self) -> None:
        """A block of another language is part of the text."""
        notebook = read_cells("```sh\nmake serve\n```\n")

        assert [cell.cell_type for cell in notebook.cells] == ["markdown"]

    def test_is_reproducible(self) -> None:
        """The same source gives the same file."""
        first, second = (nbformat.writes(read_cells("a\n```python\nb\n```\n")) for _ in range(2))

        assert first == second


class TestSource:
    """The Markdown source."""

    def test_every_text_is_in_both_languages(self, source: Any) -> None:
        """English comes first, then, after a rule, Traditional Chinese."""
        for cell in source.cells:
            if cell.cell_type == "markdown":
                english, chinese = cell.source.split("\n\n---\n\n")
                body = re.sub(r"^#.*$", "", english, flags=re.MULTILINE)

                assert not CHINESE.search(body)
                assert len(CHINESE.findall(chinese)) > 15

    def test_keeps_the_chapters_order(self, source: Any) -> None:
        """The sections are the chapter's, 8.1 to 8.8."""
        text = "\n".join(cell.source for cell in source.cells if cell.cell_type == "markdown")

        numbers = re.findall(r"^## (8\.\d) .*　", text, flags=re.MULTILINE)

        assert numbers == ["8.1", "8.2", "8.3", "8.4", "8.5", "8.6", "8.7", "8.8"]


class TestQuickRun:
    """The notebook executed in quick mode; a cell that fails fails them all."""

    def test_worked_examples(self, results: str) -> None:
        """The convolution begins with 7, the max-pool gives [[5, 6], [8, 9]]."""
        assert "convolution\n[[ 7 11 12  6  4  4  3]" in results
        assert "max-pool\n[[5 6]\n [8 9]]" in results

    def test_learns(self, results: str) -> None:
        """Two epochs on 800 digits read more than seven of ten test digits."""
        accuracy = re.search(r"^Test accuracy: (0\.\d{4})", results, flags=re.MULTILINE)

        assert accuracy is not None
        assert float(accuracy[1]) > 0.7

    def test_quick_mode_is_short(self, results: str) -> None:
        """Two epochs were trained, not the recipe's ten."""
        assert "Epoch 2/2" in results
        assert "Epoch 3/" not in results

    def test_first_digit_travels(self, results: str) -> None:
        """The 7 has 16 and 36 maps, before and after training."""
        assert results.count("convolution 1 (16, 28, 28)") == 2
        assert results.count("pool 2 (36, 7, 7)") == 2

    def test_shows_the_parameters(self, results: str) -> None:
        """The three recipes have 242,062, 64,158 and 241,690 parameters."""
        numbers = re.findall(r"\b(?:242062|64158|241690)\b", results)

        assert numbers[:3] == ["242062", "64158", "241690"]

    def test_compares_with_the_perceptron(self, results: str) -> None:
        """The five-seed results of all recipes are shown, the perceptron's the lowest."""
        means = [float(mean) for mean in re.findall(r"(\d\d\.\d\d)% ± ", results)]

        assert len(means) == 3
        assert means[2] == min(means)

    def test_service_answers_7(self, results: str) -> None:
        """The service recognises the posted 7, as it is and drawn dark on light."""
        body = re.search(r"^200\n(\{.*?^\})", results, flags=re.MULTILINE | re.DOTALL)

        assert body is not None
        assert json.loads(body[1])["class"] == 7
        assert "class 7 confidence" in results

    def test_pictures(self, executed: Any) -> None:
        """All 20 pictures are there."""
        assert num_pictures(executed) == 20


class TestCommittedNotebook:
    """The file that readers open."""

    def test_is_built_from_the_source(self, committed: Any, source: Any) -> None:
        """Its cells are those of the source; else run `python docs/build_notebook.py`."""
        assert [(cell.cell_type, cell.source) for cell in committed.cells] == [
            (cell.cell_type, cell.source) for cell in source.cells
        ]

    def test_holds_a_full_run(self, committed: Any) -> None:
        """Its outputs come from ten epochs on all of MNIST and reach the chapter's 99 %."""
        text = printed(committed)
        accuracy = re.search(r"^Test accuracy: (0\.\d{4})", text, flags=re.MULTILINE)

        assert "training (48000, 28, 28, 1)" in text
        assert "Epoch 10/10" in text
        assert accuracy is not None
        assert float(accuracy[1]) > 0.988

    def test_has_pictures_and_no_errors(self, committed: Any) -> None:
        """It shows all 20 pictures, and no cell failed or wrote notes about a machine."""
        outputs = [output for cell in committed.cells for output in cell.get("outputs", [])]

        assert num_pictures(committed) == 20
        assert not [output for output in outputs if output.get("name") == "stderr"]
        assert not [output for output in outputs if output.output_type == "error"]

    def test_stays_small(self) -> None:
        """It is less than 700 kB."""
        assert NOTEBOOK.stat().st_size < 700_000
