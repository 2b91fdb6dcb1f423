"""Commands of the benchmarks: `python -m benchmarks compare|study|performance|report`."""

import argparse
import platform
import sys
from pathlib import Path

from benchmarks.budget import measure_budgets
from benchmarks.catalogue import BUNDLE, CONTENDERS, ROOT, find_contenders
from benchmarks.environments import installed_versions, prepare
from benchmarks.errors import BenchmarkError
from benchmarks.machine import describe_commit, describe_machine, today
from benchmarks.measure import Plan, compare
from benchmarks.page import STUDIES, find_studies, write_page
from benchmarks.performance import Performance, write_performance
from benchmarks.pictures import draw, load_digit, make_pictures
from benchmarks.report import OURS
from benchmarks.results import Comparison, write_comparison
from benchmarks.start_up import measure_start_up
from benchmarks.study import QUICK, WHOLE

DOCS = ROOT / "docs"
DRAFTS = (
    ROOT / "build" / "benchmarks"
)  # where a quick run writes: it never replaces the figures of docs/

MAX_RUN_S, MAX_QUICK_S = 20, 4  # of one load


def main() -> int:
    """Run one command."""
    arguments = _parser().parse_args()
    try:
        arguments.run(arguments)
    except (BenchmarkError, ValueError) as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("compare", help="measure every contender")
    command.add_argument(
        "--quick", action="store_true", help="under three minutes: less of everything"
    )
    command.add_argument("--rounds", type=int, default=3, help="how often each is started")
    command.add_argument("--seconds", type=int, default=3, help="length of a run")
    names = "; ".join(contender.name for contender in CONTENDERS)
    command.add_argument("--only", nargs="+", default=[], metavar="NAME", help=f"of: {names}")
    command.set_defaults(run=_compare)
    command = commands.add_parser("study", help="measure what the comparison does not ask")
    command.add_argument("--quick", action="store_true", help="less of everything")
    names = ", ".join(study.name for study in STUDIES)
    command.add_argument("--only", nargs="+", default=[], metavar="NAME", help=f"of: {names}")
    command.set_defaults(run=_study)
    command = commands.add_parser("performance", help="measure the service itself")
    command.add_argument("--quick", action="store_true", help="less of everything")
    command.set_defaults(run=_performance)
    commands.add_parser("report", help="write the page anew").set_defaults(run=_report)
    return parser


def _compare(arguments: argparse.Namespace) -> None:
    """Measure and write the results and the page."""
    contenders = find_contenders(arguments.only)
    is_draft = arguments.quick or arguments.only
    folder = DRAFTS if is_draft else DOCS

    def keep(comparison: Comparison) -> None:
        write_comparison(comparison, folder / "benchmarks" / "serving.json")
        write_page(folder)

    compare(contenders, _plan(arguments), keep)
    print(f"Wrote {folder / 'benchmarks.md'}", flush=True)


def _plan(arguments: argparse.Namespace) -> Plan:
    """Return the whole plan, or the quick one: one picture, one load, one round, short runs."""
    pictures = make_pictures(BUNDLE)
    if arguments.quick:
        return Plan(pictures[:1], (16,), 1, 1, MAX_QUICK_S, QUICK.command)
    return Plan(
        pictures, (1, 16, 64), arguments.rounds, arguments.seconds, MAX_RUN_S, WHOLE.command
    )


def _study(arguments: argparse.Namespace) -> None:
    """Measure each study, and write the page anew after each; one that fails does not stop the others.

    Raises:
        BenchmarkError: At the end, if one has failed.
    """
    folder, failures = _folder(arguments), []
    for study in find_studies(arguments.only, is_quick=arguments.quick):
        print(f"study: {study.name}", flush=True)
        try:
            print(f"Wrote {study.write(QUICK if arguments.quick else WHOLE, folder)}", flush=True)
            write_page(folder)
        except BenchmarkError as error:
            failures.append(f"{study.name}: {error}")
            print(f"  {error}", flush=True)
    if failures:
        raise BenchmarkError("; ".join(failures))


def _folder(arguments: argparse.Namespace) -> Path:
    """Return where results go: a quick run is a draft."""
    return DRAFTS if arguments.quick else DOCS


def _performance(arguments: argparse.Namespace) -> None:
    """Measure start-up and the budget of an upload, and write them into the page."""
    extent = QUICK if arguments.quick else WHOLE
    pictures = make_pictures(BUNDLE)
    uploads = [pictures[0], draw(load_digit(BUNDLE)), *pictures[1:]]
    versions = installed_versions(prepare(find_contenders([OURS])[0]))
    performance = Performance(
        machine=describe_machine(),
        versions=f"Python {platform.python_version()}, {versions}",
        date=today(),
        start_up=measure_start_up(pictures[0], rounds=extent.starts, photos=extent.photos),
        budgets=measure_budgets(uploads, rounds=extent.rounds, seconds=extent.seconds),
        commit=describe_commit(),
    )
    folder = _folder(arguments)
    write_performance(performance, folder)
    print(f"Wrote {folder / 'performance.md'}")


def _report(_arguments: argparse.Namespace) -> None:
    """Write the page from the results of the last whole run."""
    print(f"Wrote {write_page(DOCS)}")


if __name__ == "__main__":
    raise SystemExit(main())
