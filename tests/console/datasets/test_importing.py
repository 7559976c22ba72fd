"""From files to rows, columns to fields, and rows to what becomes of them. Nothing is lost silently."""

import json

import pytest

from console.accounts.models import User
from console.datasets.importing.check import check_rows
from console.datasets.importing.files import FileError, read_table
from console.datasets.importing.mapping import guess
from console.datasets.models import Dataset
from tests.console.datasets.conftest import put, question

CSV = "question,answer\nWo?,Köln\nWer?,Åsa\n"


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (CSV.encode(), "utf-8"),
        (b"\xef\xbb\xbf" + CSV.encode(), "utf-8"),
        (CSV.encode("utf-16"), "utf-16"),
        (CSV.encode("cp1252"), "windows-1252"),
        (CSV.replace("\n", "\r\n").encode(), "utf-8"),
        (CSV.replace(",", ";").encode(), "utf-8"),
        (CSV.replace(",", "\t").encode(), "utf-8"),
    ],
)
def test_a_csv_is_read_whatever_wrote_it(content: bytes, encoding: str) -> None:
    table = read_table(content, name="a.csv")

    assert (table.columns, table.encoding) == (("question", "answer"), encoding)
    assert [row.values["answer"] for row in table.rows] == ["Köln", "Åsa"]
    assert [row.number for row in table.rows] == [2, 3]


def test_rows_count_as_in_an_editor_when_a_cell_spans_lines() -> None:
    table = read_table(b'q,a\n"two\nlines",x\nnext,y\n', name="a.csv")

    assert [(row.number, row.values["q"]) for row in table.rows] == [(2, "two\nlines"), (4, "next")]


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        (b"", "a.csv", "empty"),
        (b"a,b\n", "a.csv", "no rows"),
        (b"a,a\n1,2\n", "a.csv", "each differently"),
        (b"\x00\x01\xfe\x99", "a.csv", "not a text file"),
        (b"[1, 2", "a.json", "begins like a JSON list"),
        (b"\xff\xfea", "a.csv", "goes on as something else"),
        (b"x" * (20 * 1024 * 1024 + 1), "a.csv", "bytes"),
        (b"a\n" + b"1\n" * 20_001, "a.csv", "20,001 rows"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(content: bytes, name: str, sentence: str) -> None:
    with pytest.raises(FileError, match=sentence):
        read_table(content, name=name)


def test_rows_that_cannot_be_read_are_named_and_kept_as_they_came() -> None:
    table = read_table(
        b'{"question": "a"}\nnot json\n[1]\n{"question": NaN}\n\n{"question": "b"}\n', name="a.jsonl"
    )

    assert [(row.number, row.problem, row.raw) for row in table.rows if row.problem] == [
        (2, "this is not JSON", "not json"),
        (3, "a row must be a JSON object, in braces", "[1]"),
        (4, "this is not JSON", '{"question": NaN}'),
    ]
    assert len(table.rows) == 5


def test_columns_are_guessed_by_their_names() -> None:
    columns = ["id", "Question", "Ground Truth", "metadata.lang", "contexts", "answer", "origin"]

    assert guess(columns) == {
        "id": "id",
        "Question": "input",
        "Ground Truth": "expected",
        "metadata.lang": "metadata",
        "contexts": "context",
        "answer": "input",
        "origin": "",
    }


def test_every_row_becomes_an_item_a_repetition_or_a_named_problem(dataset: Dataset, owner: User) -> None:
    put(dataset, owner, question("a"), question("b"))
    rows = [
        {"id": "a", "question": "What is a?"},
        {"id": "b", "question": "changed"},
        {"id": "", "question": "new"},
        {"id": "", "question": "new"},
        {"id": "c", "question": "What is a?"},
        {"id": "c", "question": "twice"},
        {"id": "d", "question": "x", "split": "nowhere"},
    ]
    table = read_table("\n".join(map(json.dumps, rows)).encode(), name="a.jsonl")

    checked = check_rows(dataset, table, guess(table.columns))

    assert [one.row.number for one in checked.good] == [2, 3]
    assert [(one.row.number, one.repeats) for one in checked.repeated] == [
        (1, "item a"),
        (4, "row 3"),
        (5, "item a"),
    ]
    assert [one.row.number for one in checked.wrong] == [6, 7]
    assert [one.row.number for one in checked.kept_repeats] == [5]
    assert checked.replacing == 1


def test_conversations_of_fine_tuning_files_become_requests(dataset: Dataset) -> None:
    messages = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}]
    table = read_table(json.dumps({"messages": messages}).encode(), name="a.jsonl")

    (one,) = check_rows(dataset, table, guess(table.columns)).good

    assert one.content is not None
    assert (one.content.request, one.content.expected) == ({"messages": messages[:1]}, "hello")
