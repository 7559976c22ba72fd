from pathlib import Path

import pytest

from evaluators import NotApplicable, Score, Unscored, trials
from evaluators.errors import TrialLogError
from evaluators.trials import StoredAnswer, TrialKey

KEY = TrialKey("case", "baseline", 1, "f")
SCORE = Score(value=0.5, reason="half", distribution={"yes": 0.5, "no": 0.5})


def test_what_was_logged_is_read_back(tmp_path: Path) -> None:
    log = trials.create(tmp_path, {"suite": "s"})
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


def test_an_answer_after_an_error_takes_its_place(tmp_path: Path) -> None:
    log = trials.create(tmp_path, {})
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


def test_a_run_is_found_by_the_start_of_its_name(tmp_path: Path) -> None:
    log = trials.create(tmp_path, {})
    log.close()
    assert trials.find(tmp_path, "latest") == log.directory
    assert trials.find(tmp_path, log.name[:-2]) == log.directory
    with pytest.raises(TrialLogError, match="the latest are"):
        trials.find(tmp_path, "1999")
