"""Evidence on uploads: the benchmark of every bundle as JSON.

bundles, files -> training.upload_benchmark -> docs/results/uploads.json

The file is the source of the tables that `training.upload_tables` generates.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from service.bundle import Bundle
from service.engines.litert import LiteRTEngine
from service.scoring import score
from training.checkpoints import write_text
from training.errors import ResultsError
from training.evidence import describe_machine, describe_versions
from training.upload_benchmark import (
    Recognise,
    Report,
    Tally,
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


@dataclass(frozen=True)
class UploadResults:
    """How right bundles are on uploads.

    Attributes:
        per_kind: Rendered files of each kind.
        rendered: Report by "<preprocessing>/<bundle>".
        real: The same for real uploads; empty where there were none.
        agreed_test_accuracy: Accuracy on MNIST's test digits without those whose label human raters
            rejected, by bundle.
        command: What makes these results again.
        machine: Processor, cores and system.
        versions: Python's and the libraries' versions.
    """

    per_kind: int
    rendered: dict[str, Report]
    real: dict[str, Report]
    agreed_test_accuracy: dict[str, float]
    command: str
    machine: str
    versions: str

    @property
    def bundles(self) -> list[str]:
        """Names of the bundles, in the order of columns."""
        return list(self.agreed_test_accuracy)


def measure_uploads(
    bundles: dict[str, Bundle],
    *,
    per_kind: int,
    real: Path | None,
    say: Callable[[str], None] = lambda _: None,
) -> UploadResults:
    """Run the benchmark of every bundle, with the service's preprocessing and with a tutorial's.

    Args:
        bundles: Bundle by name.
        per_kind: Rendered files of each kind.
        real: Folder of real uploads with a labels.csv, if there is one.
        say: Told what is being measured.

    Raises:
        ResultsError: If the folder has no list of uploads, or a wrong one.
    """
    real_files = list(real_uploads(real)) if real else []  # first, since rendering takes minutes
    digits = next(iter(bundles.values())).validation_set()
    rendered_reports, real_reports = {}, {}
    for way, recognise in _ways(bundles).items():
        say(f"Measuring {way}")
        rendered_reports[way] = run_benchmark(recognise, rendered_uploads(digits, per_kind))
        if real:
            real_reports[way] = run_benchmark(recognise, real_files)
    options = f" --per-kind {per_kind}" + (" --uploads DIR" if real else "")
    return UploadResults(
        per_kind=per_kind,
        rendered=rendered_reports,
        real=real_reports,
        agreed_test_accuracy={name: _agreed_accuracy(bundle) for name, bundle in bundles.items()},
        command=f"python -m training benchmark{options}",
        machine=describe_machine(),
        versions=describe_versions(),
    )


def _ways(bundles: dict[str, Bundle]) -> dict[str, Recognise]:
    """Return every bundle's recognisers by "<preprocessing>/<bundle>"."""
    ways: dict[str, Recognise] = {}
    for name, bundle in bundles.items():
        ways[f"service/{name}"] = recogniser(bundle)
        ways[f"{TUTORIAL}/{name}"] = tutorial_recogniser(bundle)
    return ways


def write_upload_results(results: UploadResults, docs: Path) -> None:
    """Write `results/uploads.json` under the documentation's directory."""
    write_text(docs / "results" / "uploads.json", json.dumps(asdict(results), indent=1) + "\n")


def read_upload_results(path: Path) -> UploadResults:
    """Read what `write_upload_results` wrote.

    Raises:
        ResultsError: If the file is another.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        for name in ("rendered", "real"):
            document[name] = {way: _report(report) for way, report in document[name].items()}
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
