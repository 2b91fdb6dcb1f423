"""The examination of a bundle: read, loaded and scored by a process of its own, which yields to all others.

A network that ends the process that computes it ends that one alone.
"""

import contextlib
import multiprocessing
import os
import signal
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from service.engines import EngineKind
from service.errors import BundleError, DigitserveError
from service.evaluation.evaluating import evaluate
from service.inference.models import load_model
from service.versions.notice import Version

NICENESS = 10  # a tenth of a worker's claim to a core: it yields, and still ends on a busy machine
TIMEOUT_S = 300.0  # ten thousand digits take two seconds of a core to itself


@dataclass(frozen=True)
class Examiner:
    """How bundles are examined.

    Attributes:
        engine: Kind of the engine, the one that the service computes with.
        timeout_s: Longest time, in seconds.
    """

    engine: EngineKind
    timeout_s: float = TIMEOUT_S

    def examine(self, path: Path) -> Version:
        """Read, load and score a bundle on its own evaluation set.

        Blocks until its process is done.

        Args:
            path: The bundle's directory.

        Raises:
            BundleError: If the bundle must not be served, or its examination does not end well or in time.
            EngineUnavailableError: If the engine cannot run.
        """
        spawn = multiprocessing.get_context("spawn")
        receiver, sender = spawn.Pipe(duplex=False)
        process = spawn.Process(target=_work, args=(sender, path, self.engine), daemon=True)
        process.start()
        sender.close()
        try:
            return _receive(receiver, path, self.timeout_s)
        finally:
            process.kill()
            process.join()
            receiver.close()


def score_bundle(path: Path, engine: EngineKind) -> Version:
    """Load a bundle and score it on its own evaluation set, in this process.

    Raises:
        BundleError: If the bundle must not be served.
        EngineUnavailableError: If the engine cannot run.
    """
    model = load_model(path, engine)
    digits = model.bundle.evaluation_set()
    try:
        evaluation = evaluate(model, digits, lambda _done, _total: None)
    except ValueError as cause:
        raise BundleError(
            f"The bundle {path.parent.name}/{path.name} cannot be scored on its evaluation set: its labels "
            "are no digits, or its answers no probabilities. Export the model anew."
        ) from cause
    return Version.of(model.bundle).model_copy(update={"accuracy": evaluation.scores.accuracy})


def _receive(receiver: Connection, path: Path, timeout_s: float) -> Version:
    """Wait for what an examination found."""
    where = f"The examination of the bundle {path.parent.name}/{path.name}"
    if not receiver.poll(timeout_s):
        raise BundleError(
            f"{where} took more than {timeout_s:g} s. Try again when less is to be done."
        )
    try:
        outcome: Version | DigitserveError = receiver.recv()
    except EOFError as cause:
        raise BundleError(
            f"{where} ended without a result: its network ends the process that computes it. "
            "Export the model anew."
        ) from cause
    if isinstance(outcome, DigitserveError):
        raise outcome
    return outcome


def _work(sender: Connection, path: Path, engine: EngineKind) -> None:  # pragma: no cover
    """Examine a bundle in this process, which was started for it."""
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl+C is for the service, which ends this process
    os.nice(NICENESS)
    try:
        outcome: Version | DigitserveError = score_bundle(path, engine)
    except DigitserveError as error:
        outcome = error
    with contextlib.suppress(BrokenPipeError):  # who asked is gone
        sender.send(outcome)
