"""The report as a folder: its files, and the page that holds them all."""

import base64
import re
from pathlib import Path

import pytest

from tests.training.report_material import answers, cnn, material, mlp

pytestmark = pytest.mark.tensorflow

TABLES = {
    "confusion_matrix.csv",
    "confusion_matrix.txt",
    "confusion_matrix_chapter.txt",
    "history.csv",
    "model_summary.txt",
    "scores.json",
}
PICTURES = {
    "accuracy.png",
    "confusion_matrix.png",
    "confusion_matrix_chapter.png",
    "example-digit.png",
    "example-filter.png",
    "example-result.png",
    "loss.png",
    "mistakes.png",
    "predictions.png",
}
JOURNEY = {"filters.png", "convolution-1.png", "pool-1.png", "convolution-2.png", "pool-2.png"}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the report of a small convolutional network, once for all tests."""
    from training.report import write_report

    folder = tmp_path_factory.mktemp("report")
    write_report(folder, material(cnn()))
    return folder


@pytest.fixture(scope="module")
def page(report: Path) -> str:
    """Read the page."""
    return (report / "index.html").read_text(encoding="utf-8")


class TestWriteReport:
    """`write_report` for a network with convolutions."""

    def test_files(self, report: Path) -> None:
        """All tables and pictures are there as files, and nothing else."""
        expected = TABLES | PICTURES | JOURNEY | {"index.html"}

        assert {path.name for path in report.iterdir()} == expected

    def test_stays_small(self, report: Path) -> None:
        """The folder fits into a repository: less than 600 kB."""
        assert sum(path.stat().st_size for path in report.iterdir()) < 600_000

    @pytest.mark.parametrize("name", sorted(PICTURES | JOURNEY))
    def test_page_holds_every_picture(self, report: Path, page: str, name: str) -> None:
        """Each picture file is inside the page, byte for byte."""
        data = base64.b64encode((report / name).read_bytes()).decode()

        assert f"data:image/png;base64,{data}" in page

    def test_page_loads_nothing(self, page: str) -> None:
        """The page names no address but its own data and anchors."""
        addresses = re.findall(r'(?:src|href|action|url)\s*[=(]\s*"?([^"\s)]*)', page)

        assert [a for a in addresses if not a.startswith(("data:image/png;base64,", "#"))] == []
        assert not re.search(r"<(script|link|iframe)|https?:|@import", page)

    def test_page_keeps_the_chapters_order(self, page: str) -> None:
        """Its eight sections carry the chapter's numbers."""
        numbers = re.findall(r'<h2><span class="number">(8\.\d)</span>', page)

        assert numbers == ["8.1", "8.2", "8.3", "8.4", "8.5", "8.6", "8.7", "8.8"]

    def test_page_leaves_no_placeholder(self, page: str) -> None:
        """Every placeholder of the template is filled."""
        assert "$" not in page

    def test_page_is_for_light_and_dark(self, page: str) -> None:
        """The page follows the reader's colour scheme."""
        assert "prefers-color-scheme: dark" in page

    def test_removes_pictures_of_an_earlier_report(self, tmp_path: Path) -> None:
        """Pictures of layers that the network lacks do not survive a second report."""
        from training.report import write_report

        (tmp_path / "convolution-3.png").write_bytes(b"stale")

        write_report(tmp_path, material(mlp()))

        assert not (tmp_path / "convolution-3.png").exists()

    def test_network_without_convolutions(self, tmp_path: Path) -> None:
        """A perceptron has no maps and no filters, and the page says why."""
        from training.report import write_report

        write_report(tmp_path, material(mlp()))

        names = {path.name for path in tmp_path.glob("*.png")}
        assert names == PICTURES
        assert "no convolution and no pool" in (tmp_path / "index.html").read_text()

    def test_network_without_mistakes(self, tmp_path: Path) -> None:
        """Where every answer is right, the page says so instead of a grid."""
        from training.report import write_report

        write_report(tmp_path, material(mlp(), answers(material(mlp()).test_labels)))

        assert not (tmp_path / "mistakes.png").exists()
        assert "There are none." in (tmp_path / "index.html").read_text()


class TestPage:
    """What the page says in words and tables."""

    def test_first_predictions_beside_the_chapters(self, page: str) -> None:
        """Ours and the chapter's first ten stand in two rows."""
        ours, chapter = (
            "".join(f"<td>{digit}</td>" for digit in digits)
            for digits in ((0, 1, 2, 3, 9, 5, 6, 7, 8, 9), (7, 2, 1, 0, 4, 1, 4, 9, 5, 9))
        )

        assert f'<th scope="row">This run</th>{ours}' in page
        assert f'<th scope="row">The chapter</th>{chapter}' in page

    def test_test_scores_beside_the_chapters(self, page: str) -> None:
        """38 of 40 right is 0.9500; the chapter has 0.9912 and 0.0260."""
        assert "<td>0.9500</td><td>0.9912</td>" in page
        assert re.search(r"Loss</th><td>0\.\d{4}</td><td>0\.0260</td>", page)

    def test_history_beside_the_chapters(self, page: str) -> None:
        """Each epoch has four scores of ours, then four of the chapter's."""
        ours = "<td>0.5000</td><td>1.5000</td><td>0.6250</td><td>1.2500</td>"
        chapter = "<td>0.7839</td><td>0.6692</td><td>0.9623</td><td>0.1254</td>"

        assert f'<th scope="row">1</th>{ours}{chapter}' in page

    def test_chapter_may_have_more_epochs(self, page: str) -> None:
        """Our last epoch is 3; epoch 4, which only the chapter ran, has dashes for ours."""
        assert '<th scope="row">3</th><td>0.8750</td>' in page
        assert f'<th scope="row">4</th>{"<td>&ndash;</td>" * 4}<td>0.9700</td>' in page

    def test_layers(self, page: str) -> None:
        """The model's table names types, output shapes and numbers of parameters."""
        assert "<td>Conv2D</td><td>28 &times; 28 &times; 3</td><td>78</td>" in page

    def test_worked_examples(self, page: str) -> None:
        """The sum 7 is marked, and the max-pool gives 5, 6, 8, 9."""
        assert '<td class="marked">7</td><td>11</td>' in page
        assert "<tr><td>5</td><td>6</td></tr><tr><td>8</td><td>9</td></tr>" in page

    def test_stages_in_their_order(self, page: str) -> None:
        """The 7 travels through the layers in the network's order."""
        captions = re.findall(r"<figcaption>((?:Convolution|Pool) .*?)</figcaption>", page)

        assert captions == [
            "Convolution 1: 3 maps of 28&times;28",
            "Pool 1: 3 maps of 14&times;14",
            "Convolution 2: 5 maps of 14&times;14",
            "Pool 2: 5 maps of 7&times;7",
        ]

    def test_escapes_the_recipe(self) -> None:
        """A recipe's name cannot bring markup into the page."""
        from dataclasses import replace

        from training.report.page import render_page
        from training.report.writing import draw

        run = replace(material(mlp()), recipe="<b>&")

        page = render_page(run, draw(run, []), [])

        assert "<title>&lt;b&gt;&amp;, seed 10" in page
