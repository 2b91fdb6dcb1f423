"""Hand-made reports on uploads."""

from dataclasses import replace

from training.upload_benchmark import Report, Tally
from training.upload_results import UploadResults


def _report(right: int) -> Report:
    """Of 400 photos and scans that many are right; half of the letters are told from digits."""
    return Report(
        digits={
            "photo": Tally(n=200, right=right - 200, ok=160, ok_right=150, refused=10),
            "scan": Tally(n=200, right=200, ok=200, ok_right=200),
        },
        others={"letter": Tally(n=50, ok=25, refused=20)},
        writers={"Ada": Tally(n=10, right=8), "Bob": Tally(n=20, right=18)},
        calibration_error=0.0123,
    )


WAYS = {
    "tutorial/digits": _report(260),
    "service/digits": _report(380),
    "tutorial/textbook": _report(220),
    "service/textbook": _report(340),
}
COUNTS = {
    "service/digits": Report(digits={"8x8": Tally(n=1_797, right=1_700)}),
    "service/textbook": Report(digits={"8x8": Tally(n=1_797, right=1_600)}),
}
SPOILT = {
    "service/digits": Report(digits={"fog": Tally(10, 9), "stripe": Tally(10, 6)}),
    "service/textbook": Report(digits={"fog": Tally(10, 8), "stripe": Tally(10, 5)}),
}
RESULTS = UploadResults(
    per_kind=200,
    rendered=WAYS,
    real=WAYS,
    uci=COUNTS,
    corrupted=SPOILT,
    agreed_test_accuracy={"digits": 0.9981, "textbook": 0.992},
    weights={"digits": "d1", "textbook": "t1"},
    machine="a machine",
    versions="Python 3",
)
SKIPPED = replace(RESULTS, real={}, uci={})  # measured again, without files from elsewhere
