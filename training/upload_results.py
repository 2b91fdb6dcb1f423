"""Evidence on uploads: the benchmark of every bundle as JSON.

bundles, files -> training.upload_benchmark -> docs/results/uploads.json

The file is the source of the tables that `training.upload_tables` generates. What a run skips (real
uploads, UCI's digits) stays in it as it was, while the weights are those that it was measured with.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from service.bundle import LITERT_PROGRAM, Bundle
from service.engines.litert import LiteRTEngine
from service.evaluation.scoring import score
from training.checkpoints import write_text
from training.digit_sets import corrupted_digits, uci_digits
from training.errors import ResultsError
from training.evidence import describe_machine, describe_versions
from training.failures import Failure
from training.upload_benchmark import (
    Recognise,
    Report,
    Tally,
    Upload,
    real_uploads,
    recogniser,
    rendered_uploads,
    run_benchmark,
    tutorial_recogniser,
)

# Test digits whose labels human raters rejected: Northcutt, Athalye and Mueller (2021), "Pervasive
# label errors in test sets destabilize machine learning benchmarks".
REJECTED_TEST_LABELS = (
    *(947, 1621, 1901, 2130, 2462, 2597, 2654, 3520),
    *(3558, 5937, 6651, 6783, 8527, 9679, 9729),
)
TUTORIAL = "tutorial"  # grey, resize, invert: what most examples do before the network
UPLOADS = (
    "rendered",
    "real",
)  # parts of the results that a tutorial's preprocessing is measured on too
DIGIT_SETS = ("uci", "corrupted")
SKIPPABLE = {"real": "real uploads", "uci": "UCI's digits"}  # need files from elsewhere


@dataclass(frozen=True)
class UploadResults:
    """How right bundles are on uploads.

    Attributes:
        per_kind: Rendered files of each kind.
        rendered: Report by "<preprocessing>/<bundle>".
        real: The same for real uploads; empty where there were none.
        uci: The same for UCI's digits, with the service's preprocessing alone.
        corrupted: The same for validation digits that are spoilt after MNIST-C, by corruption.
        agreed_test_accuracy: Accuracy on MNIST's test digits without those whose label human raters
            rejected, by bundle.
        weights: SHA-256 of the LiteRT program, by bundle.
        machine: Processor, cores and system.
        versions: Python's and the libraries' versions.
        failures: The surest wrong answers to rendered uploads, of the model that the card describes.
    """

    per_kind: int
    rendered: dict[str, Report]
    real: dict[str, Report]
    uci: dict[str, Report]
    corrupted: dict[str, Report]
    agreed_test_accuracy: dict[str, float]
    weights: dict[str, str]
    machine: str
    versions: str
    failures: list[Failure] = field(default_factory=list)

    @property
    def bundles(self) -> list[str]:
        """Names of the bundles, in the order of columns."""
        return list(self.agreed_test_accuracy)

    @property
    def command(self) -> str:
        """What makes these results again."""
        options = f" --per-kind {self.per_kind}"
        options += " --uploads DIR" if self.real else ""
        options += " --uci FILE" if self.uci else ""
        return f"python -m training benchmark{options}"


def measure_uploads(
    bundles: dict[str, Bundle],
    *,
    per_kind: int,
    real: Path | None,
    uci: Path | None,
    say: Callable[[str], None] = lambda _: None,
) -> UploadResults:
    """Run the benchmark of every bundle, with the service's preprocessing and with a tutorial's.

    Args:
        bundles: Bundle by name.
        per_kind: Rendered files of each kind.
        real: Folder of real uploads with a labels.csv, if there is one.
        uci: UCI's digits as scikit-learn has them, `digits.csv.gz`, if they are there.
        say: Told what is being measured.

    Raises:
        ResultsError: If the folder has no list of uploads, or a wrong one, or the file is another.
    """
    digits = next(iter(bundles.values())).validation_set()
    parts: dict[str, Callable[[], Iterable[Upload]]] = {
        "rendered": lambda: rendered_uploads(digits, per_kind),
        "corrupted": lambda: corrupted_digits(digits),
    }
    if real:  # read first, since rendering takes minutes
        real_files = list(real_uploads(real))
        parts["real"] = lambda: real_files
    if uci:
        uci_files = uci_digits(uci)
        parts["uci"] = lambda: uci_files
    reports = _reports(bundles, parts, say)
    return UploadResults(
        per_kind=per_kind,
        rendered=reports["rendered"],
        real=reports["real"],
        uci=reports["uci"],
        corrupted=reports["corrupted"],
        agreed_test_accuracy={name: _agreed_accuracy(bundle) for name, bundle in bundles.items()},
        weights={name: bundle.manifest.files[LITERT_PROGRAM] for name, bundle in bundles.items()},
        machine=describe_machine(),
        versions=describe_versions(),
    )


def _reports(
    bundles: dict[str, Bundle],
    parts: dict[str, Callable[[], Iterable[Upload]]],
    say: Callable[[str], None],
) -> dict[str, dict[str, Report]]:
    """Measure parts of the results: report by "<preprocessing>/<bundle>", by part; none of others."""
    reports: dict[str, dict[str, Report]] = {part: {} for part in (*UPLOADS, *DIGIT_SETS)}
    for way, recognise in _ways(bundles).items():
        say(f"Measuring {way}")
        for part, uploads in parts.items():
            if part in UPLOADS or not way.startswith(TUTORIAL):
                reports[part][way] = run_benchmark(recognise, uploads())
    return reports


def keep_skipped(
    results: UploadResults, previous: UploadResults, say: Callable[[str], None] = lambda _: None
) -> UploadResults:
    """Complete results with what was skipped and had been measured before.

    Args:
        results: What was measured now.
        previous: What had been measured. Figures of bundles with other weights are dropped, so that
            those of an older network never stand beside a newer one's.
        say: Told what is dropped.
    """
    real, uci = (_kept(part, results, previous, say) for part in SKIPPABLE)
    return replace(results, real=real, uci=uci)


def _kept(
    part: str, results: UploadResults, previous: UploadResults, say: Callable[[str], None]
) -> dict[str, Report]:
    """Return the reports of a part that was measured now, or else what stands of the previous ones."""
    measured: dict[str, Report] = getattr(results, part)
    reports: dict[str, Report] = getattr(previous, part)
    if measured:
        return measured
    kept = {way: report for way, report in reports.items() if _same(way, results, previous)}
    for way in reports.keys() - kept.keys():
        say(f"Dropped {way} on {SKIPPABLE[part]}: measured with other weights. Measure it anew.")
    return kept


def _same(way: str, results: UploadResults, previous: UploadResults) -> bool:
    """Tell whether the bundle of "<preprocessing>/<bundle>" has the weights that it had."""
    name = way.partition("/")[2]
    return results.weights.get(name) == previous.weights[name]


def _ways(bundles: dict[str, Bundle]) -> dict[str, Recognise]:
    """Return every bundle's recognisers by "<preprocessing>/<bundle>"."""
    ways: dict[str, Recognise] = {}
    for name, bundle in bundles.items():
        ways[f"service/{name}"] = recogniser(bundle)
        ways[f"{TUTORIAL}/{name}"] = tutorial_recogniser(bundle)
    return ways


def upload_results_path(docs: Path) -> Path:
    """Return the place of the results under the documentation's directory."""
    return docs / "results" / "uploads.json"


def write_upload_results(results: UploadResults, docs: Path) -> None:
    """Write the results under the documentation's directory."""
    write_text(upload_results_path(docs), json.dumps(asdict(results), indent=1) + "\n")


def read_upload_results(path: Path) -> UploadResults:
    """Read what `write_upload_results` wrote.

    Raises:
        ResultsError: If the file is another.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        for name in (*UPLOADS, *DIGIT_SETS):
            document[name] = {way: _report(report) for way, report in document[name].items()}
        document["failures"] = [Failure(**failure) for failure in document["failures"]]
        return UploadResults(**document)
    except (ValueError, TypeError, KeyError, AttributeError) as cause:
        raise ResultsError(
            f"{path} does not hold results on uploads. Remove it, and write it anew with: "
            "python -m training benchmark"
        ) from cause


def _agreed_accuracy(bundle: Bundle) -> float:
    """Score a bundle on the test digits whose labels stand."""
    digits = bundle.evaluation_set()
    agreed = [i for i in range(len(digits.labels)) if i not in REJECTED_TEST_LABELS]
    answers = LiteRTEngine(bundle.litert_program).predict(digits.images[agreed])
    return score(digits.labels[agreed], answers).accuracy


def _report(document: dict[str, Any]) -> Report:
    """Make a report of what JSON holds."""
    tallies = {
        name: {kind: Tally(**tally) for kind, tally in document[name].items()}
        for name in ("digits", "others", "writers")
    }
    return Report(**tallies, calibration_error=document["calibration_error"])
