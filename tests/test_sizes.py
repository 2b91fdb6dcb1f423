"""Functions and files stay small enough to be read at once."""

import ast
import io
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("service", "training", "clients/python", "benchmarks")
MODULES = [
    path.relative_to(ROOT) for folder in FOLDERS for path in sorted(ROOT.glob(f"{folder}/**/*.py"))
]
MAX_FILE = 250  # lines of code
MAX_FUNCTION = 50  # lines of code
LAYOUT = {
    *(tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE),
    *(tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER),
}
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def _docstrings(tree: ast.Module) -> Iterator[ast.stmt]:
    """Give the docstrings of a module, and of its attributes."""
    for node in ast.walk(tree):
        if isinstance(node, DOCUMENTED):
            for statement in node.body:
                match statement:
                    case ast.Expr(ast.Constant(str())):
                        yield statement


def _code_lines(text: str) -> set[int]:
    """Return the numbers of the lines that are not blank, comment or docstring."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    lines = {
        line
        for token in tokens
        if token.type not in LAYOUT
        for line in range(token.start[0], token.end[0] + 1)
    }
    return lines.difference(*(_span(statement) for statement in _docstrings(ast.parse(text))))


def _span(node: ast.stmt) -> range:
    """Return the lines of a statement."""
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)


def _find_long(text: str, max_file: int, max_function: int) -> list[str]:
    """Name what has more lines of code than it may have: `file`, or a function."""
    code = _code_lines(text)
    functions = [
        node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    return (["file"] if len(code) > max_file else []) + [
        function.name
        for function in functions
        if len(code.intersection(_span(function))) > max_function
    ]


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_module_is_small(module: Path) -> None:
    """A file has at most 250 lines of code, a function at most 50."""
    assert _find_long((ROOT / module).read_text(), MAX_FILE, MAX_FUNCTION) == []


@pytest.mark.parametrize(
    ("max_file", "max_function", "long"),
    [(6, 4, []), (5, 4, ["file"]), (6, 3, ["f"]), (5, 3, ["file", "f"])],
)
def test_lines_of_code_are_counted(max_file: int, max_function: int, long: list[str]) -> None:
    """Blank lines, comments and docstrings do not count, all lines of text that is data do."""
    text = '"""Doc\n\nstring."""\n\nA = 1\n"""Of A."""\nB = 2  # why\n\n\n'
    text += 'def f():\n    """Doc."""\n    # Why.\n    a = """\n    x"""\n    return a\n'

    assert _find_long(text, max_file, max_function) == long
