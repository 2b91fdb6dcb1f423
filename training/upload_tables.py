"""The part of docs/results.md that is on uploads.

UploadResults -> Markdown
"""

from training.upload_benchmark import Report, Tally, mean_over_writers, total
from training.upload_results import REJECTED_TEST_LABELS, TUTORIAL, UploadResults


def render_upload_results(results: UploadResults) -> str:
    """Render the results on uploads as Markdown."""
    sections = [_levers(results), _per_kind(results), _honesty(results)]
    return f"""## Uploads

What a client would be told, from the file to the status. Rendered files ([uploads.md](uploads.md)) are made of 1,000
validation digits with a seed that no training used, {results.per_kind} of each kind. Real uploads are photos, scans
and drawings that people posted; they belong to others and are not part of this repository, and none was trained on.

{chr(10).join(sections)}
`{results.command}`
on {results.machine}; {results.versions}.
"""


def _levers(results: UploadResults) -> str:
    """What preprocessing and what training contribute."""
    rows = [
        f"| {title} | `{name}` | {' | '.join(_lever_cells(results, f'{preprocessing}/{name}'))} |"
        for preprocessing, title in (
            (TUTORIAL, "grey, resize, invert"),
            ("service", "the service's"),
        )
        for name in results.bundles
    ]
    return f"""### Each lever

| preprocessing | network | rendered files | real uploads | mean over writers of ten or more |
|---|---|---|---|---|
{chr(10).join(rows)}
"""


def _lever_cells(results: UploadResults, way: str) -> list[str]:
    """Accuracy on rendered and real files, and over writers; empty where there are no real ones."""
    rendered = _accuracy(total(results.rendered[way].digits.values()))
    if way not in results.real:
        return [rendered, "", ""]
    real = results.real[way]
    writers = mean_over_writers(real)
    return [
        rendered,
        _accuracy(total(real.digits.values())),
        "" if writers is None else _percent(writers),
    ]


def _per_kind(results: UploadResults) -> str:
    """Accuracy by kind, rendered and real."""
    return "\n".join(
        f"""### Accuracy by kind, {title}

| kind | n | {_names(results)} |
|---|---|{"---|" * len(results.bundles)}
{chr(10).join(_kind_row(kind, [report.digits[kind] for report in reports]) for kind in reports[0].digits)}
"""
        for title, reports in _served(results)
    )


def _kind_row(kind: str, tallies: list[Tally]) -> str:
    """One kind's accuracy with every bundle."""
    return f"| {kind} | {tallies[0].n} | {' | '.join(map(_accuracy, tallies))} |"


def _honesty(results: UploadResults) -> str:
    """Calibration, rejection and false rejection."""
    rows = [
        f"| {title} | `{name}` | {' | '.join(_honesty_cells(report))} |"
        for title, reports in _served(results)
        for name, report in zip(results.bundles, reports, strict=True)
    ]
    other_rows = [
        _other_row(title, kind, [report.others[kind] for report in reports])
        for title, reports in _served(results)
        for kind in reports[0].others
    ]
    agreed = [f"`{name}` {_percent(share)}" for name, share in results.agreed_test_accuracy.items()]
    return f"""### Honesty

Of uploads that show a digit: the expected calibration error, the share whose status is not `ok`, the share that is
refused or called no digit, and how right the answers with status `ok` are.

| uploads | network | calibration error | not `ok` | refused or `not_a_digit` | right where `ok` |
|---|---|---|---|---|---|
{chr(10).join(rows)}

Of uploads that show no digit, the share whose status is not `ok`:

| uploads | kind | n | {_names(results)} |
|---|---|---|{"---|" * len(results.bundles)}
{chr(10).join(other_rows)}

On MNIST's test digits without the {len(REJECTED_TEST_LABELS)} whose labels human raters rejected: {", ".join(agreed)}.
"""


def _honesty_cells(report: Report) -> list[str]:
    """Calibration error, not `ok`, refused, right where `ok`."""
    digits = total(report.digits.values())
    return [
        _percent(report.calibration_error),
        _not_ok(digits),
        _share(digits.refused, digits.n),
        _share(digits.ok_right, digits.ok),
    ]


def _other_row(title: str, kind: str, tallies: list[Tally]) -> str:
    """The share of one kind that is not `ok`, with every bundle."""
    return f"| {title} | {kind} | {tallies[0].n} | {' | '.join(map(_not_ok, tallies))} |"


def _served(results: UploadResults) -> list[tuple[str, list[Report]]]:
    """Return title and every bundle's report with the service's preprocessing, of each set of uploads."""
    return [
        (title, [reports[f"service/{name}"] for name in results.bundles])
        for title, reports in (("rendered", results.rendered), ("real", results.real))
        if reports
    ]


def _names(results: UploadResults) -> str:
    """Write the bundles as the heads of columns."""
    return " | ".join(f"`{name}`" for name in results.bundles)


def _accuracy(tally: Tally) -> str:
    """Write the share of right answers."""
    return _share(tally.right, tally.n)


def _not_ok(tally: Tally) -> str:
    """Write the share that is not answered `ok`."""
    return _share(tally.n - tally.ok, tally.n)


def _share(count: int, of: int) -> str:
    """Write a share, nothing of nothing."""
    return _percent(count / of) if of else ""


def _percent(share: float) -> str:
    """Write a share with one decimal, or two where it is near all."""
    return f"{share * 100:.2f} %" if share > 0.99 else f"{share * 100:.1f} %"
