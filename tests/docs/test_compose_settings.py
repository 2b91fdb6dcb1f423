"""The settings of an operator, from docs/settings.md to the compose files."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
VARIABLE = re.compile(r"\bDIGITSERVE_[A-Z_]+\b")


def _read(path: str) -> str:
    """Return the text of a file of the checkout."""
    return (ROOT / path).read_text()


def test_every_setting_reaches_the_container() -> None:
    """Every documented setting is handed to the container, in the page's order."""
    first_column = "\n".join(
        re.findall(r"^\| (`[^|]*) \|", _read("docs/settings.md"), re.MULTILINE)
    )
    handed = re.findall(r"^ +- (DIGITSERVE_\w+)$", _read("docker/compose.yaml"), re.MULTILINE)

    assert handed == VARIABLE.findall(first_column)


def test_every_variable_is_in_the_example() -> None:
    """The example has each variable of the compose files, once, and no other."""
    files = sorted((ROOT / "docker").glob("compose*.yaml"))
    used = {variable for file in files for variable in VARIABLE.findall(file.read_text())}
    shown = re.findall(r"^#(DIGITSERVE_\w+)=", _read("docker/.env.example"), re.MULTILINE)

    assert len(files) >= 4
    assert sorted(shown) == sorted(used)
