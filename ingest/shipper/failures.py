"""What a failed insert means: the data is at fault, or anything else, which is waited out."""

import struct
from typing import Literal

from clickhouse_connect.driver.exceptions import DataError, Error

Verdict = Literal["data", "wait"]

DATA_CODES = {
    6: "CANNOT_PARSE_TEXT",
    26: "CANNOT_PARSE_QUOTED_STRING",
    27: "CANNOT_PARSE_INPUT_ASSERTION_FAILED",
    38: "CANNOT_PARSE_DATE",
    41: "CANNOT_PARSE_DATETIME",
    53: "TYPE_MISMATCH",
    69: "ARGUMENT_OUT_OF_BOUND",
    70: "CANNOT_CONVERT_TYPE",
    72: "CANNOT_PARSE_NUMBER",
    117: "INCORRECT_DATA",
    128: "TOO_LARGE_ARRAY_SIZE",
    131: "TOO_LARGE_STRING_SIZE",
    321: "VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE",
    349: "CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN",
    376: "CANNOT_PARSE_UUID",
    407: "DECIMAL_OVERFLOW",
    467: "CANNOT_PARSE_BOOL",
}
"""ClickHouse's codes for rows that no retry will make better. A missing table or column is not among them: that
is a store to be migrated, and the rows wait for it."""

PYTHON_ERRORS = (TypeError, ValueError, ArithmeticError, AttributeError, LookupError, struct.error, DataError)
"""What turning a strange record into columns raises before anything is sent."""


def judge(error: Exception) -> Verdict:
    """Say whether a batch has a bad row, or must be sent again as it is."""
    code = getattr(error, "code", None)
    if isinstance(error, Error) and code is not None:
        return "data" if code in DATA_CODES else "wait"
    return "data" if isinstance(error, PYTHON_ERRORS) else "wait"


def describe(error: Exception) -> str:
    """Name an error without repeating any of the data that may be in its text."""
    kind = type(error).__name__
    code, name = getattr(error, "code", None), getattr(error, "name", None)
    if code in DATA_CODES:
        return f"{kind}: code {code} {DATA_CODES[code]}"
    if code is not None:
        sentence = str(error).partition("DB::Exception: ")[2].partition("In scope")[0]
        return f"{kind}: code {code} {name or ''}: {sentence[:200].strip()}"
    if isinstance(error, PYTHON_ERRORS):
        return kind
    return f"{kind}: {str(error)[:300]}"
