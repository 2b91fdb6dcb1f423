"""The documents say what the code does."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from service import errors
from service.answers.schemas import (
    EvaluationBody,
    EvaluationDetail,
    FailedLine,
    PredictedLine,
    PredictionBody,
)
from service.settings import Settings

DOCS = Path(__file__).parents[2] / "docs"
UNTRACKED = ("build", "cache", "runs", "node_modules")
ROOT = DOCS.parent
PAGES = sorted(
    path.relative_to(ROOT)
    for path in ROOT.rglob("*.md")
    if not any(part.startswith(".") or part in UNTRACKED for part in path.relative_to(ROOT).parts)
)
HEADED_TABLE = r" *\|.*\n *\|[ :|-]+\|\n"
README_PAGES = ("README.md", "README.zh-TW.md")
PROTOCOLS = DOCS / "protocols.md"


def _first_column(page: str) -> list[str]:
    """Words in back-quotes in the first column of a page's tables."""
    rows = re.findall(r"^\| (`[^|]*) \|", (DOCS / page).read_text(), re.MULTILINE)
    return [word for row in rows for word in re.findall(r"`([^`]+)`", row)]


def test_every_setting_is_documented() -> None:
    """The table of settings has every field, in order, and nothing else."""
    expected = [f"DIGITSERVE_{name.upper()}" for name in Settings.model_fields]

    assert _first_column("settings.md") == expected


def test_documented_defaults() -> None:
    """Numbers in the table of settings are the defaults; a switch that is off is 0."""
    text = (DOCS / "settings.md").read_text()

    for name, value in Settings(_env_file=None).model_dump().items():
        if isinstance(value, int):
            assert f"| `DIGITSERVE_{name.upper()}` | {int(value)} |" in text


@pytest.mark.parametrize(
    "schema", [PredictionBody, PredictedLine, FailedLine, EvaluationBody, EvaluationDetail]
)
def test_every_field_is_documented(schema: type[BaseModel]) -> None:
    """Every field of an answer stands in the API's tables."""
    names = {field.alias or name for name, field in schema.model_fields.items()}

    assert names - set(_first_column("api.md")) == set()


def test_every_error_is_documented() -> None:
    """Every error that a client may see stands in the table with its status."""
    text = (DOCS / "api.md").read_text()
    classes: list[type[errors.DigitserveError]] = [
        *errors.UploadError.__subclasses__(),
        errors.UnauthorizedError,
        errors.ForbiddenError,
        errors.RateLimitError,
        errors.UnknownModelError,
        errors.UnknownVersionError,
        errors.VersionRefusedError,
        errors.ChangeUnderWayError,
        errors.NotReadyError,
        errors.OverloadedError,
    ]

    assert len(classes) > 8
    for entry in classes:
        assert f"| `{entry.code}` | {entry.status} |" in text


def test_readme_results_are_the_generated_ones() -> None:
    """The rows of both READMEs are those of the generated page."""
    generated = (DOCS / "results.md").read_text()
    row = r"^\| (`[a-z-]+`) \| ([\d,]+) \| (\d) \| ([\d.]+ % ± [\d.]+) \|"
    recipes = re.findall(row, generated, re.MULTILINE)

    assert len(recipes) >= 3
    for page in README_PAGES:
        text = (DOCS.parent / page).read_text()
        for columns in recipes:
            assert f"| {' | '.join(columns)} |" in text


def test_readme_upload_results_are_the_generated_ones() -> None:
    """The first table of both READMEs has the figures of the generated page, in its order."""
    generated = (DOCS / "results.md").read_text()
    row = r"^\| {} \| `{}` \| ([\d.]+ %) \| ([\d.]+ %) \|"
    levers = [
        ("grey, resize, invert", "textbook"),
        ("the service's", "textbook"),
        ("the service's", "digits"),
    ]
    figures = [
        match.groups()
        for lever in levers
        if (match := re.search(row.format(*lever), generated, re.MULTILINE))
    ]

    assert len(figures) == len(levers)
    for page in README_PAGES:
        text = (DOCS.parent / page).read_text()
        table = re.findall(
            r"\| (?:\*\*)?([\d.]+ %)(?:\*\*)? \| (?:\*\*)?([\d.]+ %)(?:\*\*)? \|$", text, re.M
        )
        assert table == figures


def test_readme_memory_is_that_of_the_benchmark() -> None:
    """Both READMEs tell the memory at rest and under load, within a tenth of what was measured."""
    row = r"^\| digitserve \| raw \|.*\| ([\d.]+) \| ([\d.]+) \| [\d.]+ \|$"
    measured = re.search(row, (DOCS / "benchmarks.md").read_text(), re.MULTILINE)

    assert measured
    for page in README_PAGES:
        told = re.findall(r"(\d+) MB", (ROOT / page).read_text())
        assert [float(it) for it in told] == pytest.approx(
            [float(it) for it in measured.groups()], rel=0.1
        )


@pytest.mark.parametrize("page", [*README_PAGES, "docs/container.md"])
def test_trained_bundles_leave_the_tracked_ones_alone(page: str) -> None:
    """What a page exports or imports is no version of a model that the checkout has."""
    commands = r"\b(?:export|import) \S+ --name (\w+) --version \d"
    names = re.findall(commands, (ROOT / page).read_text())

    assert set(names) == {"mine"}


@pytest.mark.parametrize(
    "page", [*DOCS.parent.glob("*.md"), *DOCS.rglob("*.md")], ids=lambda it: it.name
)
def test_links_lead_somewhere(page: Path) -> None:
    """Every link of a page to a file of the repository leads to one."""
    links = re.findall(r"\]\(([^)#:]+)\)", page.read_text())

    assert [link for link in links if not (page.parent / link).exists()] == []


def _loose_rows(text: str) -> list[str]:
    """First rows of tables without a header and its delimiter row: readers see these as text."""
    prose = re.sub(r"^ *```.*?^ *```", "", text, flags=re.MULTILINE | re.DOTALL)
    tables = re.findall(r"(?:^ *\|.*\n?)+", prose, re.MULTILINE)
    return [table.splitlines()[0] for table in tables if not re.match(HEADED_TABLE, table)]


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_table_has_a_header(page: Path) -> None:
    """No row of a table stands apart from its header, as after an empty line."""
    assert _loose_rows((ROOT / page).read_text()) == []


def test_rows_without_a_header_are_found() -> None:
    """A table that an empty line cuts in two has a loose row; a whole one and a listing have none."""
    assert _loose_rows("| a | b |\n|---|:-:|\n| 1 | 2 |\n\n| 3 | 4 |\n") == ["| 3 | 4 |"]
    assert _loose_rows("```console\n| 3 | 4 |\n```\n") == []


@pytest.mark.parametrize("package", ["service", "training", "benchmarks"])
def test_every_module_is_in_the_architecture(package: str) -> None:
    """The architecture's page names every module, in its text or in the tables at its end."""
    modules = [
        path.relative_to(ROOT / package)
        for path in sorted((ROOT / package).rglob("*.py"))
        if "contenders" not in path.parts and not path.name.startswith("__")
    ]
    text = (DOCS / "architecture.md").read_text()

    assert len(modules) > 30
    assert [it for it in modules if not re.search(rf"[`/]{it.name}`", text)] == []


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_extras_are_installed_from_a_checkout(page: Path) -> None:
    """What a page installs are extras that exist, of a checkout: the package is not published."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    ours = r"pip install [\"']?(digitserve|\.)\[(\w+)\]"

    for place, extra in re.findall(ours, (ROOT / page).read_text()):
        assert place == "."
        assert extra in extras


def test_every_decision_is_linked() -> None:
    """The architecture's page leads to every decision."""
    text = (DOCS / "architecture.md").read_text()
    decisions = sorted((DOCS / "decisions").glob("*.md"))

    assert len(decisions) >= 3
    assert [path.name for path in decisions if f"(decisions/{path.name})" not in text] == []


def test_every_row_of_the_protocols_has_its_test() -> None:
    """Each requirement of another protocol names a test that exists, a class's own where it names one."""
    rows = re.findall(
        r"^\| .* \| `(?:(Test\w+)::)?(test_\w+)` \|$", PROTOCOLS.read_text(), re.MULTILINE
    )
    tests = {
        name
        for path in PROTOCOLS.parents[1].glob("tests/**/test_*.py")
        for name in _find_tests(ast.parse(path.read_text()))
    }

    assert len(rows) > 30
    assert [row for row in rows if row not in tests] == []


def _find_tests(module: ast.Module) -> Iterator[tuple[str, str]]:
    """Give the tests of a module: the class of each, empty where it has none, and its name."""
    for node in module.body:
        if isinstance(node, ast.ClassDef):
            yield from ((node.name, it.name) for it in node.body if isinstance(it, ast.FunctionDef))
        elif isinstance(node, ast.FunctionDef):
            yield "", node.name


def test_continuous_integration_is_told() -> None:
    """The guide for contributors names every target that continuous integration runs."""
    told = (ROOT / "CONTRIBUTING.md").read_text()
    targets = re.findall(r"^make ([\w-]+)$", (ROOT / ".ci/run").read_text(), re.MULTILINE)

    assert len(targets) >= 4
    assert [target for target in targets if f"`make {target}`" not in told] == []
