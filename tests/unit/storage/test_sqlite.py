"""What only the SQLite storage has to get right: processes, forks, durability, locks."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bayesopt.errors import StorageBusyError, StorageError, TellConflictError
from bayesopt.storage import SQLiteStorage, database, marks
from bayesopt.storage.base import Proposal, Result, StudySpec
from bayesopt.trial import TrialState

SPEC = StudySpec("study", ("minimize",), 0)
DONE = Result(TrialState.COMPLETE, (0.5,))
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "study.db"


@pytest.fixture
def storage(path: Path) -> Iterator[SQLiteStorage]:
    made = SQLiteStorage(path)
    made.create_study(SPEC, "{}")
    yield made
    made.close()


def ask(storage: SQLiteStorage, number: int) -> None:
    assert storage.ask(1, [Proposal({})], number, owner="me", lease_s=None)


def run(code: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_ctrl_c_inside_a_checksum_is_ctrl_c(
    storage: SQLiteStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: bytes) -> int:
        raise KeyboardInterrupt

    ask(storage, 0)
    with monkeypatch.context() as patch:
        patch.setattr("bayesopt.storage.soundness.crc32", interrupted)
        with pytest.raises(KeyboardInterrupt):
            storage.tell(1, 0, 1, DONE)
    assert storage.trials(1, [0])[0].state is TrialState.RUNNING  # nothing of it was kept
    storage.tell(1, 0, 1, DONE)
    assert storage.trials(1, [0])[0].state is TrialState.COMPLETE


# -- processes ------------------------------------------------------------------------------

WORK = """
import sys
from bayesopt.storage import SQLiteStorage
from bayesopt.storage.base import Proposal, Result
from bayesopt.trial import TrialState
storage = SQLiteStorage(sys.argv[1])
for _ in range(25):
    while True:
        with storage.ask_turn(1):
            n = storage.find_study("study").n_trials
            if storage.ask(1, [Proposal({})], n, owner=sys.argv[2], lease_s=None):
                break
    storage.tell(1, n, 1, Result(TrialState.COMPLETE, (float(sys.argv[2]),)))
    print(n, flush=True)
"""


def test_processes_share_a_study(storage: SQLiteStorage, path: Path) -> None:
    workers = [run(WORK, path, number) for number in range(4)]
    told = [
        (int(line), float(number))
        for number, worker in enumerate(workers)
        for line in worker.communicate()[0].split()
    ]
    assert sorted(number for number, _ in told) == list(range(100))
    assert {trial.number: trial.value for trial in storage.trials(1)} == dict(told)
    assert storage.check() == []


def test_only_one_process_claims_a_trial(storage: SQLiteStorage, path: Path) -> None:
    storage.enqueue(1, [Proposal({})] * 20)
    code = (
        "import sys\n"
        "from bayesopt.storage import SQLiteStorage\n"
        "from bayesopt.storage.base import Proposal\n"
        "storage = SQLiteStorage(sys.argv[1])\n"
        "for n in range(20):\n"
        "    if storage.claim(1, n, Proposal({}), owner='', lease_s=None): print(n)\n"
    )
    workers = [run(code, path) for _ in range(3)]
    claimed = [int(line) for worker in workers for line in worker.communicate()[0].split()]
    assert sorted(claimed) == list(range(20))


def test_a_killed_writer_leaves_no_lock_behind(storage: SQLiteStorage, path: Path) -> None:
    code = (
        "import sys\n"
        "from bayesopt.storage import SQLiteStorage\n"
        "storage = SQLiteStorage(sys.argv[1])\n"
        "with storage._db.writing(1) as connection:\n"
        "    connection.execute('UPDATE study SET noisy = 1')\n"
        "    print('inside', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    writer = run(code, path)
    assert writer.stdout is not None
    assert writer.stdout.readline() == "inside\n"
    writer.send_signal(signal.SIGKILL)
    writer.communicate()
    ask(storage, 0)
    assert not storage.find_study("study").spec.noisy


# -- forks ----------------------------------------------------------------------------------


def in_child(call: Callable[[], object]) -> int:
    """Run `call` in a forked child; return its exit code."""
    child = os.fork()
    if child == 0:
        try:
            call()
        except BaseException:
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_parent_and_child_both_go_on_after_a_fork(storage: SQLiteStorage) -> None:
    ask(storage, 0)

    def child() -> None:
        storage.tell(1, 0, 1, DONE)
        ask(storage, 1)
        storage.close()

    assert in_child(child) == 0
    assert storage.trials(1, [0])[0].value == 0.5
    storage.tell(1, 1, 1, DONE)
    ask(storage, 2)
    assert storage.check() == []


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_forking_while_threads_write_is_safe(storage: SQLiteStorage) -> None:
    stop, problems = threading.Event(), []

    def write() -> None:
        number = 0
        try:
            while not stop.is_set():
                number += 1
                storage.set_study_attr(1, threading.current_thread().name, number)
        except BaseException as error:
            problems.append(error)

    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    codes = [in_child(lambda: ask(storage, number)) for number in range(8)]  # noqa: B023
    stop.set()
    for thread in threads:
        thread.join()
    assert problems == []
    assert codes == [0] * 8
    assert storage.find_study("study").n_trials == 8
    assert storage.check() == []


def test_a_connection_inherited_behind_python_s_back_is_not_used(
    storage: SQLiteStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    inherited = storage._db._connection
    monkeypatch.setattr(database.os, "getpid", lambda: -1)
    ask(storage, 0)
    assert storage._db._connection is not inherited
    assert inherited is not None
    inherited.close()


# -- durability -----------------------------------------------------------------------------


@pytest.fixture
def syncs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record every sync of the log and every note, in order."""
    events: list[str] = []
    sync, note = database._sync, marks.note
    monkeypatch.setattr(database, "_sync", lambda fd: (events.append("sync"), sync(fd)))
    monkeypatch.setattr(marks, "note", lambda *given: (events.append("note"), note(*given)))
    return events


def test_every_acknowledgement_follows_a_sync(storage: SQLiteStorage, syncs: list[str]) -> None:
    storage.expire(1)
    storage.changes(1, 0)
    ask(storage, 0)
    assert syncs == []
    for change in (
        lambda: storage.ask(1, [Proposal({})], 1, owner="", lease_s=None, key="k"),
        lambda: storage.report(1, 0, 1, 0, (1.0,), None),
        lambda: storage.set_user_attr(1, 0, "a", 1),
        lambda: storage.set_params(1, 0, 1, {}, 0),
        lambda: storage.tell(1, 0, 1, DONE),
        lambda: storage.invalidate(1, 0, "", ""),
        lambda: storage.enqueue(1, [Proposal({})]),
        lambda: storage.claim(1, 2, Proposal({}), owner="", lease_s=None),
        lambda: storage.add_finished(1, [Proposal({})], [DONE]),
    ):
        syncs.clear()
        change()
        assert syncs == ["sync", "note"]


def test_an_ask_becomes_durable_with_what_is_recorded_after_it(
    storage: SQLiteStorage, syncs: list[str]
) -> None:
    log = storage.path.with_name(f"{storage.path.name}-wal")
    ask(storage, 0)
    storage.ask(1, [Proposal({}), Proposal({})], 1, owner="", lease_s=None)
    asked = log.stat().st_size
    assert syncs == []
    storage.tell(1, 0, 1, DONE)
    assert syncs == ["sync", "note"]
    assert log.stat().st_size > asked  # one file, synced whole: what stands before is in it
    ask(storage, 3)
    syncs.clear()
    storage.close()
    assert syncs == ["sync"]


def test_what_was_known_already_is_made_durable_too(
    storage: SQLiteStorage, syncs: list[str]
) -> None:
    storage.ask(1, [Proposal({})], 0, owner="", lease_s=None, key="k")
    storage.tell(1, 0, 1, DONE)
    for repetition in (
        lambda: storage.tell(1, 0, 1, DONE),
        lambda: storage.find_ask(1, "k"),
        lambda: storage.ask(1, [Proposal({})], 0, owner="", lease_s=None, key="k"),
    ):
        syncs.clear()
        repetition()
        assert syncs[:1] == ["sync"]


def test_normal_does_not_sync_each_change(path: Path, syncs: list[str]) -> None:
    storage = SQLiteStorage(path, synchronous="normal")
    storage.create_study(SPEC, "{}")
    syncs.clear()
    ask(storage, 0)
    storage.tell(1, 0, 1, DONE)
    assert "sync" not in syncs
    storage.close()


def test_a_failed_sync_is_not_acknowledged(
    storage: SQLiteStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(fd: int) -> None:
        raise OSError(5, "Input/output error")

    ask(storage, 0)
    with monkeypatch.context() as patched:
        patched.setattr(database, "_sync", fail)
        with pytest.raises(StorageError, match="Input/output"):
            storage.tell(1, 0, 1, DONE)
    assert not storage.tell(1, 0, 1, DONE)


def test_a_moved_file_is_noticed_before_a_tell_is_acknowledged(
    storage: SQLiteStorage, path: Path
) -> None:
    ask(storage, 0)
    path.rename(path.with_name("moved.db"))
    for _ in range(2):
        with pytest.raises(StorageError, match="Put it back"):
            storage.tell(1, 0, 1, DONE)
    assert not path.exists()
    path.with_name("moved.db").rename(path)
    storage.tell(1, 0, 1, DONE)
    assert storage.trials(1)[0].value == 0.5


def test_a_replaced_file_is_noticed_before_a_tell_is_acknowledged(
    storage: SQLiteStorage, path: Path
) -> None:
    ask(storage, 0)
    copy = path.with_name("copy.db")
    copy.write_bytes(path.read_bytes())
    copy.rename(path)
    with pytest.raises(StorageError, match="another one in its place"):
        storage.tell(1, 0, 1, DONE)


# -- locks ----------------------------------------------------------------------------------


def test_a_foreign_writer_is_waited_for_and_then_named(
    storage: SQLiteStorage, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage.close()
    monkeypatch.setattr(database, "BUSY_TIMEOUT_S", 0.05)
    foreign = sqlite3.connect(path, isolation_level=None)
    foreign.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageBusyError, match="another program"):
        ask(storage, 0)
    assert storage.find_study("study").n_trials == 0
    foreign.execute("ROLLBACK")
    ask(storage, 0)
    foreign.close()


def test_closing_while_other_threads_work_is_harmless(storage: SQLiteStorage) -> None:
    problems: list[BaseException] = []
    told: list[int] = []

    def work() -> None:
        try:
            for _ in range(12):
                asked = None
                while asked is None:
                    with storage.ask_turn(1):
                        n = storage.find_study("study").n_trials
                        asked = storage.ask(1, [Proposal({})], n, owner="", lease_s=None)
                storage.tell(1, n, 1, DONE)
                told.append(n)
        except BaseException as error:
            problems.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        storage.close()
    for thread in threads:
        thread.join()
    assert problems == []
    assert sorted(told) == list(range(48))


def test_an_interruption_right_after_taking_the_gate_leaves_it_free(
    storage: SQLiteStorage, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(self: database.Database) -> None:
        enter(self)
        raise KeyboardInterrupt

    enter = database.Database._enter
    calls: list[Callable[[], object]] = [
        lambda: ask(storage, 0),
        lambda: storage.enqueue(1, [Proposal({})]),
    ]
    monkeypatch.setattr(database, "GATE_TIMEOUT_S", 0.05)
    other = SQLiteStorage(path)
    for call in calls:
        monkeypatch.setattr(database.Database, "_enter", interrupted)
        with pytest.raises(KeyboardInterrupt):
            call()
        monkeypatch.setattr(database.Database, "_enter", enter)
        other.enqueue(1, [Proposal({})])
    other.close()


def test_a_gate_that_stays_shut_is_a_typed_error(
    storage: SQLiteStorage, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "GATE_TIMEOUT_S", 0.05)
    other = SQLiteStorage(path)
    with other._db.writing(), pytest.raises(StorageBusyError):
        ask(storage, 0)
    ask(storage, 0)
    other.close()


def test_asking_out_of_turn_works_when_the_turn_does_not_come(
    storage: SQLiteStorage, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bayesopt.storage.facts.TURN_TIMEOUT_S", 0.05)
    other = SQLiteStorage(path)
    with other.ask_turn(1), storage.ask_turn(1):
        ask(storage, 0)
    other.close()


def test_a_reader_does_not_stop_writers(storage: SQLiteStorage, path: Path) -> None:
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    assert reader.execute("SELECT count(*) FROM trial").fetchone() == (0,)
    for number in range(50):
        ask(storage, number)
    assert reader.execute("SELECT count(*) FROM trial").fetchone() == (0,)
    reader.close()


def fail_after_deleting(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM trial")
    raise ZeroDivisionError


def test_an_error_inside_a_transaction_leaves_nothing_behind(storage: SQLiteStorage) -> None:
    ask(storage, 0)
    storage.tell(1, 0, 1, DONE)
    with pytest.raises(TellConflictError):
        storage.tell(1, 0, 1, Result(TrialState.FAIL))
    with pytest.raises(ZeroDivisionError), storage._db.writing(1) as connection:
        fail_after_deleting(connection)
    assert storage.trials(1)[0].value == 0.5


# -- opening and closing --------------------------------------------------------------------


def test_a_closed_storage_leaves_one_data_file_and_opens_again(
    storage: SQLiteStorage, path: Path
) -> None:
    ask(storage, 0)
    storage.close()
    assert {each.name for each in path.parent.iterdir()} == {"study.db", "study.db-gate"}
    storage.tell(1, 0, 1, DONE)
    assert storage.trials(1)[0].value == 0.5


def test_a_forgotten_storage_closes_itself(path: Path) -> None:
    code = (
        "import sys\n"
        "from bayesopt.storage import SQLiteStorage\n"
        "from bayesopt.storage.base import StudySpec\n"
        "storage = SQLiteStorage(sys.argv[1])\n"
        "storage.create_study(StudySpec('s', ('minimize',), 0), '{}')\n"
    )
    run(code, path).communicate()
    assert {each.name for each in path.parent.iterdir()} == {"study.db", "study.db-gate"}


def test_an_old_sqlite_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 31, 1))
    with pytest.raises(StorageError, match="newer SQLite"):
        SQLiteStorage(path)


def test_other_ids_and_seeds_than_int64_are_no_trouble(storage: SQLiteStorage) -> None:
    created = storage.create_study(StudySpec("big", ("minimize",), 2**200), "{}")
    assert storage.find_study("big").spec.seed == 2**200
    storage.enqueue(created, [Proposal({"n": 2**100})])
    assert storage.trials(created)[0].params == {"n": 2**100}
