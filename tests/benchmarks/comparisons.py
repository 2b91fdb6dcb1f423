"""A small comparison, made by hand."""

from benchmarks.results import Case, CaseRun, Comparison, ContenderResult, Start

RAW, MULTIPART = Case("28x28 PNG", "raw", 16), Case("28x28 PNG", "multipart", 16)


def make_run(number: int, case: Case, requests_per_s: float, *, failed: int = 0) -> CaseRun:
    """Make a run whose other figures follow from the first."""
    return CaseRun(
        round=number,
        case=case,
        requests=100,
        failed=failed,
        requests_per_s=requests_per_s,
        p50_ms=1000 / requests_per_s,
        p99_ms=2000 / requests_per_s,
        cpu_us=1e6 / requests_per_s,
    )


def make_comparison() -> Comparison:
    """Three contenders over three rounds; one could not be installed."""
    starts = [Start(number, 0.5, 100_000_000, 150_000_000) for number in range(3)]
    ours = [make_run(number, case, 1000) for number in range(3) for case in (RAW, MULTIPART)]
    theirs = [
        make_run(number, MULTIPART, value, failed=25)
        for number, value in enumerate((400, 500, 800))
    ]
    return Comparison(
        machine="a processor, 2 cores",
        python="3.11.7",
        generator="wrk 4.1.0",
        command="make bench",
        date="2026-01-01",
        pictures={"28x28 PNG": "28x28 PNG (266 bytes)"},
        contenders=[
            ContenderResult("digitserve", 1, "numpy 2.4.6", 200_000_000, starts, ours),
            ContenderResult("peer", 2, "peer 1.0", 300_000_000, starts, theirs),
            ContenderResult("absent", 1, "", 0, [], [], failure="pip could not install it."),
        ],
    )
