"""What the clients ask for, and the answers that they must get; `tests/clients/test_foreign.py` sets both."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

TOLERANCE = 1e-5


@dataclass(frozen=True)
class Case:
    """A service, images for it, and what `/predict` says of them.

    Attributes:
        url: Of a service without keys.
        keyed_url: Of one that asks for `key`.
        key: That key.
        digits: Canonical digits uint8 [N, 28, 28].
        probabilities: `/predict`'s of the digits, float64 [N, 10].
        pictures: Whole files.
        picture_probabilities: `/predict`'s of the files, float64 [number of files, 10].
    """

    url: str
    keyed_url: str
    key: str
    digits: Any
    probabilities: Any
    pictures: list[bytes]
    picture_probabilities: Any

    @property
    def classes(self) -> list[int]:
        """The most probable class of each digit."""
        return [int(digit) for digit in self.probabilities.argmax(axis=1)]

    def check(self, found: Any) -> None:
        """Check the probabilities of the digits."""
        np.testing.assert_allclose(found, self.probabilities, atol=TOLERANCE)

    def check_pictures(self, found: Any) -> None:
        """Check the probabilities of the pictures."""
        np.testing.assert_allclose(found, self.picture_probabilities, atol=TOLERANCE)


@pytest.fixture(scope="session")
def case() -> Case:
    """The case in the folder that the environment names."""
    folder = Path(os.environ["DIGITSERVE_CASE"])
    told = json.loads((folder / "case.json").read_text())
    return Case(
        url=told["url"],
        keyed_url=told["keyed_url"],
        key=told["key"],
        digits=np.load(folder / "digits.npy"),
        probabilities=np.array(told["probabilities"]),
        pictures=[path.read_bytes() for path in sorted(folder.glob("picture-*"))],
        picture_probabilities=np.array(told["picture_probabilities"]),
    )
