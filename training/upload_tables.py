"""The part of docs/results.md that is on uploads.

UploadResults -> Markdown
"""

from collections.abc import Callable

from training.upload_benchmark import Report, Tally, mean_over_writers, total
from training.upload_results import (
    DIGIT_SETS,
    REJECTED_TEST_LABELS,
    TUTORIAL,
    UPLOADS,
    UploadResults,
)

TITLES = {"rendered": "rendered", "real": "real", "uci": "UCI's digits", "corrupted": "corrupted"}


def render_upload_results(results: UploadResults) -> str:
    """Render the results on uploads as Markdown."""
    sections = [_levers(results), _per_kind(results), _digit_sets(results), _honesty(results)]
    return f"""## Uploads

What a client would be told, from the file to the status. Rendered files ([uploads.md](uploads.md)) are made of 1,000
validation digits with a seed that no training used: {results.per_kind} files of each kind, of digits spread over all of
these. Real uploads are photos, scans and drawings that people posted; they belong to others and are not part of this
repository, and none was trained on.

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
        f"### Accuracy by kind, {TITLES[part]}\n\n{_head(results, 'kind')}\n{rows}\n"
        for part in UPLOADS
        if (rows := "\n".join(_kind_rows(results, part)))
    )


def _digit_sets(results: UploadResults) -> str:
    """Accuracy on UCI's digits, and on MNIST's that are spoilt, with their mean."""
    rows = [row for part in DIGIT_SETS for row in _kind_rows(results, part)]
    if spoilt := _served(results, "corrupted"):
        sums = {name: _all_digits(report) for name, report in spoilt.items()}
        rows.append(f"| mean of the corruptions {_cells(results, sums, _accuracy)}")
    return f"""### Other digits, sent as PNG

UCI's are the 1,797 test digits of its "Optical Recognition of Handwritten Digits", 8x8 pixels: no network was trained
on them, but they were looked at while the preprocessing was made. The others are the 1,000 validation digits, spoilt in
fifteen ways after MNIST-C (Mu and Gilmer, 2019), of its kinds and about as strong, by code of this project
([uploads.md](uploads.md)): not that set itself, so others' figures on it compare in kind only. All go the whole way of
an upload.

{_head(results, "digits")}
{chr(10).join(rows)}
"""


def _kind_rows(results: UploadResults, part: str) -> list[str]:
    """Accuracy with every bundle, a row for a kind that shows a digit."""
    reports = _served(results, part)
    kinds = next(iter(reports.values())).digits if reports else {}
    by_kind = {kind: {name: it.digits[kind] for name, it in reports.items()} for kind in kinds}
    return [f"| {kind} {_cells(results, by_kind[kind], _accuracy)}" for kind in kinds]


def _cells(
    results: UploadResults, tallies: dict[str, Tally], share_of: Callable[[Tally], str]
) -> str:
    """Write the number of uploads and a share with every bundle; empty where there is no tally."""
    count = next(iter(tallies.values())).n
    shares = (share_of(tallies[name]) if name in tallies else "" for name in results.bundles)
    return f"| {count:,} | {' | '.join(shares)} |"


def _honesty(results: UploadResults) -> str:
    """Calibration, rejection and false rejection."""
    rows = [
        f"| {title} | `{name}` | {' | '.join(_honesty_cells(report))} |"
        for part, title in TITLES.items()
        for name, report in _served(results, part).items()
    ]
    other_rows = [row for part in UPLOADS for row in _other_rows(results, part)]
    agreed = [f"`{name}` {_percent(share)}" for name, share in results.agreed_test_accuracy.items()]
    return f"""### Honesty

Of uploads that show a digit: the expected calibration error, the share whose status is not `ok`, the share that is
refused or called no digit, and how right the answers with status `ok` are.

| uploads | network | calibration error | not `ok` | refused or `not_a_digit` | right where `ok` |
|---|---|---|---|---|---|
{chr(10).join(rows)}

Of uploads that show no digit, the share whose status is not `ok`:

{_head(results, "uploads | kind")}
{chr(10).join(other_rows)}

On MNIST's test digits without the {len(REJECTED_TEST_LABELS)} whose labels human raters rejected: {", ".join(agreed)}.
"""


def _honesty_cells(report: Report) -> list[str]:
    """Calibration error, not `ok`, refused, right where `ok`."""
    digits = _all_digits(report)
    return [
        _percent(report.calibration_error),
        _not_ok(digits),
        _share(digits.refused, digits.n),
        _share(digits.ok_right, digits.ok),
    ]


def _other_rows(results: UploadResults, part: str) -> list[str]:
    """The share that is not `ok` with every bundle, a row for a kind that shows no digit."""
    reports = _served(results, part)
    kinds = next(iter(reports.values())).others if reports else {}
    by_kind = {kind: {name: it.others[kind] for name, it in reports.items()} for kind in kinds}
    return [
        f"| {TITLES[part]} | {kind} {_cells(results, by_kind[kind], _not_ok)}" for kind in kinds
    ]


def _served(results: UploadResults, part: str) -> dict[str, Report]:
    """Return the reports of a part with the service's preprocessing, by bundle."""
    reports: dict[str, Report] = getattr(results, part)
    ways = {name: f"service/{name}" for name in results.bundles}
    return {name: reports[way] for name, way in ways.items() if way in reports}


def _head(results: UploadResults, columns: str) -> str:
    """Write a table's head: columns, the number of uploads, and every bundle."""
    head = f"{columns} | n | {' | '.join(f'`{name}`' for name in results.bundles)}"
    return f"| {head} |\n|{'---|' * (head.count('|') + 1)}"


def _all_digits(report: Report) -> Tally:
    """Add up what shows a digit."""
    return total(report.digits.values())


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
