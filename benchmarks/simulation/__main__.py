"""Commands of the simulation: `python -m benchmarks.simulation measure|validate|scenarios|report`."""

import argparse
import sys
from dataclasses import asdict

from benchmarks import scoring
from benchmarks.errors import BenchmarkError
from benchmarks.simulation.comparisons import render, write_validation
from benchmarks.simulation.measuring import measure
from benchmarks.simulation.page import PAGE, write_page
from benchmarks.simulation.paper import Assumptions
from benchmarks.simulation.parameters import read_parameters, write_parameters
from benchmarks.simulation.scenarios import run_all, write_scenarios
from benchmarks.simulation.validation import validate


def main() -> int:
    """Run one command."""
    arguments = _parser().parse_args()
    try:
        arguments.run(arguments)
    except BenchmarkError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.simulation", description=__doc__)
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("measure", help="measure the parameters on this machine")
    command.add_argument("--seconds", type=int, default=3, help="length of each load")
    command.set_defaults(run=_measure)
    command = commands.add_parser("validate", help="compare with real replicas behind HAProxy")
    command.add_argument("--seconds", type=int, default=10, help="length of each load")
    command.add_argument("--rounds", type=int, default=3)
    command.set_defaults(run=_validate)
    command = commands.add_parser("scenarios", help="simulate what is out of reach")
    command.set_defaults(run=_simulate)
    command = commands.add_parser("report", help=f"write the tables of {PAGE.name} anew")
    for name, value in asdict(Assumptions()).items():
        option = f"--{name.replace('_', '-')}"
        command.add_argument(option, type=type(value), default=value, help=f"default: {value:g}")
    command.set_defaults(run=_report)
    return parser


def _measure(arguments: argparse.Namespace) -> None:
    """Measure the parameters."""
    write_parameters(measure(seconds=arguments.seconds))


def _validate(arguments: argparse.Namespace) -> None:
    """Compare, and show the table."""
    comparisons = validate(read_parameters(), seconds=arguments.seconds, rounds=arguments.rounds)
    write_validation(comparisons)
    print(render(comparisons))


def _simulate(_arguments: argparse.Namespace) -> None:
    """Simulate every scenario."""
    write_scenarios(run_all(read_parameters()))


def _report(arguments: argparse.Namespace) -> None:
    """Write the page's tables from what was measured and simulated."""
    given = {name: getattr(arguments, name) for name in asdict(Assumptions())}
    write_page(Assumptions(**given))
    scoring.write_table()


if __name__ == "__main__":
    raise SystemExit(main())
