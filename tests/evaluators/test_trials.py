import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from evaluators import NotApplicable, Score, Unscored, trials
from evaluators.errors import TrialLogError
from evaluators.trials import StoredAnswer, TrialKey


@pytest.fixture(params=["evals", "evals.db"])
def root(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """Where runs are kept: a folder, and a database."""
    return tmp_path / str(request.param)


KEY = TrialKey("case", "baseline", 1, "f")
SCORE = Score(value=0.5, reason="half", distribution={"yes": 0.5, "no": 0.5})


def test_what_was_logged_is_read_back(root: Path) -> None:
    log = trials.create(root, {"suite": "s"})
    log.add_answer(KEY, StoredAnswer(output="héllo\n\u2028", latency_ms=1.5, context=("a",)))
    log.add_score(KEY, "m", "v1", SCORE)
    log.add_score(KEY, "n", "v1", Unscored(code="timeout", reason="late"))
    log.add_score(KEY, "o", "v1", NotApplicable(reason="no"))
    log.close()

    again = trials.read(log.directory)
    assert again.answers == log.answers
    assert again.scores == log.scores
    assert again.header["suite"] == "s"


def test_a_line_torn_by_a_kill_is_dropped_and_written_anew(tmp_path: Path) -> None:
    log = trials.create(tmp_path, {})
    log.add_answer(KEY, StoredAnswer(output="whole"))
    log.close()
    path = log.directory / "trials.jsonl"
    path.write_bytes(path.read_bytes() + b'{"type": "answer", "case": "to')

    again = trials.open_for_writing(log.directory)
    again.add_score(KEY, "m", "v", SCORE)
    again.close()
    final = trials.read(log.directory)
    assert list(final.answers) == [KEY]
    assert final.scores[KEY, "m", "v"] == SCORE


def test_an_answer_after_an_error_takes_its_place(root: Path) -> None:
    log = trials.create(root, {})
    log.add_answer(KEY, StoredAnswer(output="", error="503"))
    log.add_answer(KEY, StoredAnswer(output="fine"))
    log.close()
    assert trials.read(log.directory).answers == {KEY: StoredAnswer(output="fine")}


def test_two_writers_of_one_run_are_refused(tmp_path: Path) -> None:
    log = trials.create(tmp_path, {})
    with pytest.raises(TrialLogError, match="another process"):
        trials.open_for_writing(log.directory)
    log.close()
    trials.open_for_writing(log.directory).close()


def test_a_run_is_found_by_the_start_of_its_name(root: Path) -> None:
    log = trials.create(root, {})
    log.close()
    assert trials.find(root, "latest") == log.directory
    assert trials.find(root, log.name[:-2]) == log.directory
    with pytest.raises(TrialLogError, match="the latest are"):
        trials.find(root, "1999")


def test_runs_begun_at_once_keep_their_order(root: Path) -> None:
    begun = []
    for _ in range(20):
        log = trials.create(root, {})
        log.close()
        begun.append(log.directory)
    assert trials.stored_runs(root) == begun


def test_an_answer_that_is_there_stays_whoever_comes_second(tmp_path: Path) -> None:
    first = trials.create(tmp_path / "evals.db", {})
    second = trials.open_for_writing(first.directory)
    assert first.add_answer(KEY, StoredAnswer(output="first")).output == "first"
    assert second.add_answer(KEY, StoredAnswer(output="second")).output == "first"
    first.close()
    second.close()
    assert trials.read(first.directory).answers == {KEY: StoredAnswer(output="first")}


WRITER = """
import sys
from pathlib import Path
from evaluators import Score, trials
from evaluators.trials import StoredAnswer, TrialKey

log = trials.open_for_writing(Path(sys.argv[1]))
for number in range(1, 121):
    key = TrialKey("case", "baseline", number, "f")
    answer = log.add_answer(key, StoredAnswer(output=sys.argv[2]))
    log.add_score(key, "m", "v", Score(value=float(answer.output), reason=""))
"""


def test_writers_of_one_database_take_turns_and_nothing_counts_twice(tmp_path: Path) -> None:
    log = trials.create(tmp_path / "evals.db", {})
    log.close()
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(log.directory), str(number)])
        for number in range(3)
    ]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0, 0]
    found = trials.read(log.directory)
    assert sorted(key.number for key in found.answers) == list(range(1, 121))
    assert len(found.scores) == 120
    # Every score is one of the answer that is stored, whoever was first.
    scored = {key: found.scores[key, "m", "v"] for key in found.answers}
    assert scored == {
        key: Score(value=float(answer.output), reason="") for key, answer in found.answers.items()
    }


def test_a_writer_killed_in_the_middle_leaves_a_database_that_goes_on(tmp_path: Path) -> None:
    log = trials.create(tmp_path / "evals.db", {})
    log.close()
    endless = WRITER.replace("range(1, 121)", "range(1, 10**9)")
    writer = subprocess.Popen([sys.executable, "-c", endless, str(log.directory), "1"])
    deadline = time.monotonic() + 30
    while len(trials.read(log.directory).answers) < 50 and time.monotonic() < deadline:
        time.sleep(0.02)
    writer.kill()
    writer.wait()

    again = trials.open_for_writing(log.directory)
    before = len(again.answers)
    again.add_answer(replace(KEY, case="after"), StoredAnswer(output="whole"))
    again.close()
    assert before >= 50
    assert trials.read(log.directory).answers[replace(KEY, case="after")].output == "whole"


def test_what_is_no_database_is_refused_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "notes.db").write_text("no database at all, and longer than a header")
    with pytest.raises(TrialLogError, match=r"notes\.db: cannot be opened as a SQLite database"):
        trials.create(tmp_path / "notes.db", {})
    with pytest.raises(TrialLogError, match="no such database"):
        trials.read(tmp_path / "other.db" / "run")
