"""The supervisor: what signals do, and which workers are started and ended."""

import errno
import gc
import itertools
import math
import os
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast
from unittest.mock import Mock

import pytest
import uvicorn

from service.cli import supervisor, worker_process
from service.cli.supervisor import Supervisor
from service.cli.worker_process import StopFlag, Worker
from service.settings import Settings
from tests.service.cli.faulty_service import COMMAND as FAULTY
from tests.service.cli.faulty_service import ROOT
from tests.service.cli.processes import (
    COMMAND,
    find_workers,
    kill_group,
    wait_for_end,
    wait_for_workers,
    wait_until_all_serve,
)
from tests.service.clocks import StoppedClock


@contextmanager
def _serving(*options: str, **variables: str) -> Iterator[tuple["subprocess.Popen[str]", int]]:
    """Run the service with some workers, and give its process and port."""
    with subprocess.Popen(
        [*COMMAND, "0", *options],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, **variables},
    ) as process:
        assert process.stdout is not None
        try:
            [port] = re.findall(r"http://127\.0\.0\.1:(\d+)", process.stdout.readline())
            yield process, int(port)
        finally:
            kill_group(process)


@pytest.mark.integration
class TestSignals:
    """Of a real service with workers."""

    def test_stop_while_the_first_worker_hangs(self, tmp_path: Path) -> None:
        """SIGTERM ends a start that would never end, with code 0."""
        hang = tmp_path / "hang"
        hang.touch()
        command = [*FAULTY, "--workers", "2"]
        with subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            start_new_session=True,
            env={**os.environ, "FAULT_HANG": str(hang)},
            cwd=ROOT,
            text=True,
        ) as process:
            try:
                wait_for_workers(process.pid, 1)
                process.send_signal(signal.SIGTERM)
                code = process.wait(15)
            finally:
                kill_group(process)

        assert code == 0

    def test_stop_in_a_restart(self) -> None:
        """SIGTERM in a rolling restart, which slow uploads hold up, ends all workers together."""
        with _serving("--workers", "3", DIGITSERVE_DRAIN_TIMEOUT_S="3") as (process, port):
            before = wait_for_workers(process.pid, 3)
            clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(12)]
            for client in clients:
                client.sendall(
                    b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: 9000\r\n\r\nx"
                )
            process.send_signal(signal.SIGHUP)
            while set(find_workers(process.pid)) == set(before):
                time.sleep(0.1)
            time.sleep(3)  # by then one is told to end
            process.send_signal(signal.SIGTERM)
            started = time.monotonic()
            code = process.wait(60)
            took_s = time.monotonic() - started
            for client in clients:
                client.close()

        assert code == 0
        assert (
            took_s < 2 * 3 + 2 + 6
        )  # the bound of one worker, on a machine that has other work too

    def test_more_and_less(self) -> None:
        """SIGTTIN starts a worker more; SIGTTOU ends one, but never the last."""
        with _serving("--workers", "2") as (process, _):
            before = wait_for_workers(process.pid, 2)
            process.send_signal(signal.SIGTTIN)
            three = wait_for_workers(process.pid, 3)
            process.send_signal(signal.SIGTTOU)
            wait_for_end(three, but=2)
            process.send_signal(signal.SIGTTOU)
            wait_for_end(three, but=1)
            process.send_signal(signal.SIGTTOU)
            time.sleep(2)
            after = find_workers(process.pid)
            process.send_signal(signal.SIGTERM)
            code = process.wait(60)

        assert set(before) < set(three)
        assert len(after) == 1
        assert code == 0


@pytest.fixture
def supervising(_restored_signals: None) -> Supervisor:
    """A supervisor without workers."""
    config = uvicorn.Config(
        "unused",
        log_config=None,
        workers=2,
        timeout_graceful_shutdown=1,
        timeout_worker_healthcheck=1,
    )
    return Supervisor(config, [Mock()], Settings())


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Worker]:
    """The workers that were started, none of them really."""
    workers: list[Worker] = []

    def _start(worker: Worker) -> None:
        workers.append(worker)

    monkeypatch.setattr(Worker, "start", _start)
    return workers


@pytest.mark.integration
def test_workers_share_what_they_only_read() -> None:
    """They are forked from one thread, after all is imported: of each, a good half is its own."""
    with _serving("--workers", "2") as (process, port):
        workers = wait_for_workers(process.pid, 2)
        wait_until_all_serve(port, 2)
        num_threads = len([*Path(f"/proc/{process.pid}/task").iterdir()])
        memory = [_read_memory(worker) for worker in workers]

    assert num_threads == 1
    assert [own / resident < 0.6 for own, resident in memory] == [True, True], memory


def _read_memory(process_id: int) -> tuple[int, int]:
    """Return the memory of a process that no other has too, and all of it, both in kB."""
    lines = Path(f"/proc/{process_id}/smaps_rollup").read_text().splitlines()[1:]
    sizes = {name: int(size) for name, size, _ in (line.split() for line in lines)}
    return sizes["Private_Clean:"] + sizes["Private_Dirty:"], sizes["Rss:"]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> StoppedClock:
    """The supervisor's clock."""
    clock = StoppedClock()
    monkeypatch.setattr(supervisor, "time", clock)
    return clock


def _ended(code: int) -> Mock:
    """Return a worker that has ended with a code."""
    worker = Mock(exitcode=code, num_failures=0, failed_at=None)
    worker.is_alive.return_value = False
    return worker


class TestKeepSubprocessAlive:
    """`Supervisor.keep_subprocess_alive`."""

    def test_start_that_fails(
        self,
        supervising: Supervisor,
        started: list[Worker],
        clock: StoppedClock,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """It is tried again after 1, 2, 4 .. 60 seconds, told once, and ends nobody."""
        monkeypatch.setattr(Worker, "is_alive", lambda _self, timeout: timeout < 0)
        monkeypatch.setattr(Worker, "kill", Mock())
        monkeypatch.setattr(Worker, "join", Mock())
        monkeypatch.setattr(Worker, "exitcode", 3)
        supervising.processes = [_ended(3)]

        times: list[float] = []
        for _ in range(2000):
            if len(started) > len(times):
                times.append(clock.now)
            supervising.keep_subprocess_alive()
            clock.now += 0.125

        pauses = [after - before for before, after in itertools.pairwise(times)]
        assert [round(pause) for pause in pauses][:7] == [2, 4, 8, 16, 32, 60, 60]
        assert [record.levelname for record in caplog.records] == ["ERROR"]
        assert not supervising.should_exit.is_set()
        assert not supervising.has_failed

    def test_worker_that_ends_otherwise(
        self, supervising: Supervisor, started: list[Worker], clock: StoppedClock
    ) -> None:
        """It is replaced at once, and one that lives is left alone."""
        alive = Mock()
        alive.is_alive.return_value = True
        supervising.processes = [_ended(-9), alive]

        supervising.keep_subprocess_alive()

        assert supervising.processes == [started[0], alive]
        assert started[0].num_failures == 0
        assert clock.now == 100

    def test_told_to_stop(self, supervising: Supervisor, started: list[Worker]) -> None:
        """Nobody is replaced any more."""
        supervising.processes = [_ended(-9)]
        supervising.should_exit.set()

        supervising.keep_subprocess_alive()

        assert started == []


class TestRestartAll:
    """`Supervisor.restart_all`."""

    def test_new_worker_that_does_not_serve(
        self,
        supervising: Supervisor,
        started: list[Worker],
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """It is ended, and the old one kept."""
        old, ends = Mock(), Mock()
        monkeypatch.setattr(Worker, "wait_until_ready", lambda *_: False)
        monkeypatch.setattr(Worker, "kill", ends)
        monkeypatch.setattr(Worker, "join", Mock())
        supervising.processes = [old]

        supervising.restart_all()

        assert supervising.processes == [old]
        assert (ends.call_count, old.terminate.called, len(started)) == (1, False, 1)
        assert caplog.messages == [
            "A new worker does not serve. The old ones that are left serve on."
        ]

    def test_stop_while_a_new_worker_starts(
        self,
        supervising: Supervisor,
        started: list[Worker],
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """The wait ends, without a word."""

        def stop(_worker: Worker, _timeout: float, should_exit: threading.Event) -> bool:
            should_exit.set()
            return False

        monkeypatch.setattr(Worker, "wait_until_ready", stop)
        monkeypatch.setattr(Worker, "kill", Mock())
        monkeypatch.setattr(Worker, "join", Mock())
        supervising.processes = [Mock(), Mock()]

        supervising.restart_all()
        supervising.restart_all()

        assert len(started) == 1
        assert caplog.messages == []

    def test_replaces_each(
        self, supervising: Supervisor, started: list[Worker], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Each old one is told to end once the new one serves."""
        monkeypatch.setattr(Worker, "wait_until_ready", lambda *_: True)
        old = [Mock(exitcode=0), Mock(exitcode=None)]
        old[1].process.join.side_effect = lambda _seconds: setattr(old[1], "exitcode", 0)
        supervising.processes = [*old]

        supervising.restart_all()

        assert supervising.processes == started
        assert [worker.terminate.call_count for worker in old] == [1, 1]
        assert not any(worker.kill.called for worker in old)


class TestEnds:
    """Of workers that are told to end."""

    @pytest.fixture(autouse=True)
    def _impatient(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let a worker have no time to end."""
        monkeypatch.setattr(Supervisor, "_end_timeout_s", -math.inf)

    @staticmethod
    def _stubborn() -> Mock:
        """Return a worker that ends when it is killed alone."""
        worker = Mock(exitcode=None, pid=7)
        worker.kill.side_effect = lambda: setattr(worker, "exitcode", -9)
        return worker

    def test_less_workers(self, supervising: Supervisor, caplog: pytest.LogCaptureFixture) -> None:
        """One that does not end is killed, and told."""
        kept, ended = Mock(), self._stubborn()
        supervising.processes = [kept, ended]

        supervising.handle_ttou()
        supervising.handle_ttou()

        assert supervising.processes == [kept]
        assert (ended.terminate.call_count, ended.kill.call_count) == (1, 1)
        assert caplog.messages == [
            "Worker 7 has not ended in time after it was told to. It is killed."
        ]

    def test_stop(self, supervising: Supervisor) -> None:
        """At the end of the supervisor all are ended, those too that it no longer counts."""
        leaving, ended, stubborn = self._stubborn(), Mock(exitcode=0), self._stubborn()
        supervising.should_exit.set()
        supervising.processes = [stubborn, ended, leaving]
        supervising.processes_num = 3

        supervising.handle_ttou()
        supervising.join_all()

        assert [worker.kill.call_count for worker in (leaving, ended, stubborn)] == [1, 0, 1]

    def test_late_clients(self, supervising: Supervisor) -> None:
        """A supervisor that ends keeps no client waiting at a socket that its workers take nobody from any more."""
        [listener] = cast("list[Mock]", supervising.sockets)
        worker = Mock()
        worker.terminate.side_effect = listener.close.assert_called_once_with
        supervising.processes = [worker]

        supervising.terminate_all()

        worker.terminate.assert_called_once()


class TestIsAlive:
    """`Worker.is_alive`."""

    def test_silence(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A worker may be silent while it starts, for a bound, and not when it has answered."""
        clock, answers = StoppedClock(), iter([False, True, False])
        monkeypatch.setattr(worker_process, "time", clock)
        monkeypatch.setattr(Worker, "ping", lambda _self, _timeout: next(answers, False))
        slow, dumb = (Worker(uvicorn.Config("unused", log_config=None), []) for _ in range(2))
        for worker in (slow, dumb):
            worker.process = Mock()
            worker.start()

        assert [slow.is_alive() for _ in range(3)] == [True, True, False]
        assert dumb.is_alive()
        clock.now += worker_process.START_TIMEOUT_S
        assert not dumb.is_alive()


@pytest.mark.parametrize(
    ("sent", "expected"), [(signal.SIGTERM, -signal.SIGTERM), (signal.SIGINT, 0)]
)
def test_signal_while_it_starts(
    sent: signal.Signals,
    expected: int,
    supervising: Supervisor,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """A worker that is told to end before it can have looked ends: the signal is not taken for its supervisor's."""
    monkeypatch.setattr(Worker, "target", lambda _self, _sockets: time.sleep(60))
    worker = Worker(supervising.config, [])

    worker.start()
    os.kill(worker.pid or 0, sent)
    worker.process.join(10)
    exitcode = worker.exitcode
    worker.process.kill()

    assert exitcode == expected
    assert not supervising.should_exit.is_set()
    assert capfd.readouterr().err == ""


def test_start_without_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a fork that fails no descriptor is left: a shortage that lasts would use up all of them."""
    monkeypatch.setattr(os, "fork", Mock(side_effect=BlockingIOError(errno.EAGAIN, "No room")))
    worker = Worker(uvicorn.Config("unused", log_config=None), [])
    gc.collect()  # what earlier tests left has descriptors, too
    before = {*Path("/dev/fd").iterdir()}

    with pytest.raises(BlockingIOError):
        worker.start()

    assert {*Path("/dev/fd").iterdir()} <= before


def test_late_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a worker answered to earlier questions is not taken for the answer to the last one."""
    worker = Worker(uvicorn.Config("unused", log_config=None), [])
    worker.server.started = True
    worker.child_conn.send(False)
    send = worker.parent_conn.send

    def ask(question: object) -> None:
        send(question)
        worker.pong()

    monkeypatch.setattr(worker.parent_conn, "send", ask, raising=False)

    assert worker.is_ready(1)


def test_ended_worker_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that has ended is asked nothing: nobody waits for its answer."""
    worker = Worker(uvicorn.Config("unused", log_config=None), [])
    monkeypatch.setattr(Worker, "exitcode", 3)
    monkeypatch.setattr(worker.parent_conn, "send", Mock(side_effect=AssertionError), raising=False)

    assert not worker.is_ready()


class TestStopFlag:
    """`StopFlag`."""

    def test_set(self) -> None:
        """A wait lasts as long as it may, and no time once the flag is set."""
        flag = StopFlag()

        assert (flag.wait(0.001), flag.is_set()) == (False, False)
        flag.set()
        assert (flag.wait(3600), flag.is_set()) == (True, True)


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM], ids=lambda it: it.name)
def test_signals_stop_at_once(sent: signal.Signals, supervising: Supervisor) -> None:
    """Whatever it waits for sees that it is to stop."""
    signal.raise_signal(sent)

    assert supervising.should_exit.is_set()


@pytest.mark.usefixtures("started")
def test_stop_as_the_first_worker_serves(
    supervising: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that serves by then is not killed; no other is started."""
    monkeypatch.setattr(Worker, "wait_until_ready", lambda _self, _timeout, flag: flag.set())
    monkeypatch.setattr(Worker, "is_ready", lambda _self: True)
    monkeypatch.setattr(Worker, "kill", Mock(side_effect=AssertionError))
    monkeypatch.setattr(supervisor, "announce", Mock())

    supervising.init_processes()

    assert len(supervising.processes) == 1
    assert not supervising.has_failed


def test_no_room_for_other_workers(
    supervising: Supervisor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Where no other worker can be started, the first one ends too, and it is told why."""
    start = Mock(side_effect=[None, BlockingIOError(errno.EAGAIN, "No room")])
    monkeypatch.setattr(Worker, "start", start)
    monkeypatch.setattr(Worker, "wait_until_ready", lambda _self, _timeout, _flag: True)
    monkeypatch.setattr(supervisor, "announce", Mock())

    supervising.init_processes()

    assert supervising.has_failed
    assert supervising.should_exit.is_set()
    assert caplog.messages == ["No worker can be started now: No room."]
