"""Evidence on uploads: the benchmark of every bundle as JSON, and its part of docs/results.md.

bundles, files -> training.upload_benchmark -> docs/results/uploads.json -> Markdown
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
    mean_over_writers,
    real_uploads,
    recogniser,
    rendered_uploads,
    run_benchmark,
    total,
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
    """
    ways: dict[str, Recognise] = {}
    for name, bundle in bundles.items():
        ways[f"service/{name}"] = recogniser(bundle)
        ways[f"{TUTORIAL}/{name}"] = tutorial_recogniser(bundle)
    digits = next(iter(bundles.values())).validation_set()
    rendered, real_reports = {}, {}
    for way, recognise in ways.items():
        say(f"Measuring {way}")
        rendered[way] = run_benchmark(recognise, rendered_uploads(digits, per_kind))
        if real:
            real_reports[way] = run_benchmark(recognise, real_uploads(real))
    options = f" --per-kind {per_kind}" + (" --uploads DIR" if real else "")
    return UploadResults(
        per_kind=per_kind,
        rendered=rendered,
        real=real_reports,
        agreed_test_accuracy={name: _agreed_accuracy(b) for name, b in bundles.items()},
        command=f"python -m training benchmark{options}",
        machine=describe_machine(),
        versions=describe_versions(),
    )


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


def render_upload_results(results: UploadResults) -> str:
    """Render the results on uploads as Markdown."""
    bundles = list(results.agreed_test_accuracy)
    sections = [_levers(results, bundles), _per_kind(results, bundles), _honesty(results, bundles)]
    return f"""## Uploads

What a client would be told, from the file to the status. Rendered files ([uploads.md](uploads.md)) are made of 1,000
validation digits with a seed that no training used, {results.per_kind} of each kind. Real uploads are photos, scans
and drawings that people posted; they belong to others and are not part of this repository, and none was trained on.

{chr(10).join(sections)}
`{results.command}`
on {results.machine}; {results.versions}.
"""


def _levers(results: UploadResults, bundles: list[str]) -> str:
    """What preprocessing and what training contribute."""
    rows = []
    for preprocessing, title in ((TUTORIAL, "grey, resize, invert"), ("service", "the service's")):
        for name in bundles:
            way = f"{preprocessing}/{name}"
            cells = [_share(total(results.rendered[way].digits.values()))]
            report = results.real.get(way)
            cells.append(_share(total(report.digits.values())) if report else "")
            writers = mean_over_writers(report) if report else None
            cells.append(_percent(writers) if writers is not None else "")
            rows.append(f"| {title} | `{name}` | {' | '.join(cells)} |")
    return f"""### Each lever

| preprocessing | network | rendered files | real uploads | mean over writers of ten or more |
|---|---|---|---|---|
{chr(10).join(rows)}
"""


def _per_kind(results: UploadResults, bundles: list[str]) -> str:
    """Accuracy by kind, rendered and real."""
    parts = []
    for title, reports in (("rendered", results.rendered), ("real", results.real)):
        if not reports:
            continue
        kinds = reports[f"service/{bundles[0]}"].digits
        rows = [
            f"| {kind} | {tally.n} | "
            + " | ".join(_share(reports[f"service/{name}"].digits[kind]) for name in bundles)
            + " |"
            for kind, tally in kinds.items()
        ]
        parts.append(f"""### Accuracy by kind, {title}

| kind | n | {" | ".join(f"`{name}`" for name in bundles)} |
|---|---|{"---|" * len(bundles)}
{chr(10).join(rows)}
""")
    return "\n".join(parts)


def _honesty(results: UploadResults, bundles: list[str]) -> str:
    """Calibration, rejection and false rejection."""
    rows, other_rows = [], []
    for title, reports in (("rendered", results.rendered), ("real", results.real)):
        for name in bundles if reports else []:
            report = reports[f"service/{name}"]
            digits = total(report.digits.values())
            rows.append(
                f"| {title} | `{name}` | {_percent(report.calibration_error)} "
                f"| {_not_ok(digits)} | {_percent(digits.refused / digits.n)} "
                f"| {_percent(digits.ok_right / max(digits.ok, 1))} |"
            )
        if reports:
            kinds = reports[f"service/{bundles[0]}"].others
            other_rows += [
                f"| {title} | {kind} | {tally.n} | "
                + " | ".join(_not_ok(reports[f"service/{name}"].others[kind]) for name in bundles)
                + " |"
                for kind, tally in kinds.items()
            ]
    return (
        f"""### Honesty

Of uploads that show a digit: the expected calibration error, the share whose status is not `ok`, the share that is
refused or called no digit, and how right the answers with status `ok` are.

| uploads | network | calibration error | not `ok` | refused or `not_a_digit` | right where `ok` |
|---|---|---|---|---|---|
{chr(10).join(rows)}

Of uploads that show no digit, the share whose status is not `ok`:

| uploads | kind | n | {" | ".join(f"`{name}`" for name in bundles)} |
|---|---|---|{"---|" * len(bundles)}
{chr(10).join(other_rows)}

On MNIST's test digits without the {len(REJECTED_TEST_LABELS)} whose labels human raters rejected: """
        + ", ".join(f"`{name}` {_percent(results.agreed_test_accuracy[name])}" for name in bundles)
        + ".\n"
    )


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


def _share(tally: Tally) -> str:
    """Write the accuracy of a tally."""
    return _percent(tally.right / tally.n)


def _not_ok(tally: Tally) -> str:
    """Write the share that is not answered `ok`."""
    return _percent(1 - tally.ok / tally.n)


def _percent(share: float) -> str:
    """Write a share with one decimal, or two where it is near all."""
    return f"{share * 100:.2f} %" if share > 0.99 else f"{share * 100:.1f} %"
