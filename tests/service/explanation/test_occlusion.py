"""Tests of saliency by occlusion, with networks whose reasons are known."""

import numpy as np
import numpy.typing as npt

from service.explanation import find_saliency

Digits = npt.NDArray[np.uint8]
Rows = npt.NDArray[np.float32]


def _bars() -> Digits:
    """Return two bars of ink, one left and one right, far apart."""
    digit = np.zeros((28, 28), np.uint8)
    digit[6:22, 4:7] = digit[6:22, 21:24] = 255
    return digit


def _left_is_one(images: Digits) -> Rows:
    """Say 1 the more surely, the more ink is left; the right half speaks for 2."""
    ink = images.reshape(-1, 28, 2, 14).mean(axis=(1, 3)) / 255  # left, right
    logits = np.zeros((len(images), 10))
    logits[:, 1], logits[:, 2] = 20 * ink[:, 0], 20 * ink[:, 1]
    powers = np.exp(logits)
    rows: Rows = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    return rows


class TestFindSaliency:
    """Of `find_saliency`."""

    def test_ink_that_speaks_for_a_class(self) -> None:
        """Is positive for it, and negative for the class that it takes from."""
        one, two = find_saliency(_bars(), _left_is_one, [1, 2])

        assert (one.digit, two.digit) == (1, 2)
        assert one.evidence[10, 5] > 0 > one.evidence[10, 22]
        assert two.evidence[10, 22] > 0 > two.evidence[10, 5]

    def test_paper_says_nothing(self) -> None:
        """Where there is no ink, there is no evidence."""
        saliency = find_saliency(_bars(), _left_is_one, [1])[0]

        assert saliency.evidence.shape == (28, 28)
        assert not saliency.evidence[_bars() == 0].any()

    def test_every_pixel_of_ink_is_weighed(self) -> None:
        """Up to the corners of the image."""
        saliency = find_saliency(np.full((28, 28), 255, np.uint8), _left_is_one, [1])[0]

        assert saliency.evidence.all()

    def test_certainty_is_no_infinity(self) -> None:
        """Probabilities of 0 and 1 give numbers."""
        certain = find_saliency(
            _bars(), lambda it: np.eye(10, dtype=np.float32)[[1] * len(it)], [1]
        )

        assert np.isfinite(certain[0].evidence).all()

    def test_batches_have_one_size(self) -> None:
        """The engine meets no size that it has not met."""
        sizes: list[int] = []

        def note(images: Digits) -> Rows:
            sizes.append(len(images))
            return _left_is_one(images)

        find_saliency(_bars(), note, [1])

        assert set(sizes) == {16}
