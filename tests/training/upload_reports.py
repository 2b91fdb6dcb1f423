"""Hand-made reports on uploads."""

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
RESULTS = UploadResults(
    200, WAYS, WAYS, {"digits": 0.9981, "textbook": 0.992}, "measure it", "a machine", "Python 3"
)
