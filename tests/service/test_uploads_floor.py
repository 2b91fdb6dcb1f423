"""The embedded bundle on rendered uploads: every kind is read, through the whole of the service.

Files follow from the bundle's own validation digits, which it was not trained on, and from a seed
that neither training nor the published benchmark uses.
"""

import pytest

from service.bundle import Bundle
from service.preprocessing import PREPROCESSING_VERSION
from service.settings import Settings
from training.upload_benchmark import Report, recogniser, rendered_uploads, run_benchmark, total
from training.uploads import DIGIT_KINDS

pytestmark = pytest.mark.tensorflow  # which the training package imports

SEED = 4
PER_KIND = 60  # one file more or less is 1.7 %
# Shares, 0..1; to be raised with every bundle that reads more.
FLOOR = {
    **dict.fromkeys((*DIGIT_KINDS, "drawn styles", "printed"), 0.95),
    "counts-8x8": 0.90,
    "small-hard-drawing": 0.90,
    "form-box": 0.92,
    "stained-paper": 0.90,
    "table-edge": 0.90,
}
OVERALL_FLOOR = 0.985
OTHERS_FLOOR = 0.95  # of what is no digit, over all kinds: not answered `ok`


@pytest.fixture(scope="module")
def report() -> Report:
    """Tallies of `digits/1` on 60 files of every kind."""
    path = Settings().models_dir / "digits/1"
    bundle = Bundle.read(path, preprocessing_version=PREPROCESSING_VERSION)
    uploads = rendered_uploads(bundle.validation_set(), PER_KIND, SEED)
    return run_benchmark(recogniser(bundle), uploads)


@pytest.mark.parametrize("kind", FLOOR)
def test_floor_of_a_kind(kind: str, report: Report) -> None:
    """The share of right answers; a refused upload is wrong."""
    assert report.digits[kind].right / PER_KIND >= FLOOR[kind]


def test_floor_of_all_kinds(report: Report) -> None:
    """Every kind counts alike."""
    digits = total(report.digits.values())

    assert digits.right / digits.n >= OVERALL_FLOOR


def test_floor_of_what_is_no_digit(report: Report) -> None:
    """Little of it is taken for a digit without a doubt."""
    others = total(report.others.values())

    assert 1 - others.ok / others.n >= OTHERS_FLOOR
