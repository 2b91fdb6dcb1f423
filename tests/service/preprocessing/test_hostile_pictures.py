"""Pictures that are made to hurt whoever decodes them."""

import contextlib

import pytest

from service.errors import DigitserveError
from service.preprocessing import UploadLimits, preprocess
from tests.hostile_pictures import hostile_pictures


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize("name", hostile_pictures())
def test_ends_in_a_digit_or_in_an_error_of_ours(name: str) -> None:
    """Whatever a file claims, no failure of a library's comes out."""
    with contextlib.suppress(DigitserveError):
        assert preprocess(hostile_pictures()[name], UploadLimits()).image.shape == (28, 28)
