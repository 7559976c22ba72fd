"""What went wrong, in ClickHouse's words and codes."""

import re

_CODE = re.compile(r"Code: (\d+)\. ")
_HTTP_STATUS = {
    36: 400,  # BAD_ARGUMENTS
    42: 400,  # NUMBER_OF_ARGUMENTS_DOESNT_MATCH
    43: 400,  # ILLEGAL_TYPE_OF_ARGUMENT
    46: 404,  # UNKNOWN_FUNCTION
    47: 404,  # UNKNOWN_IDENTIFIER
    48: 501,  # NOT_IMPLEMENTED
    50: 404,  # UNKNOWN_TYPE
    60: 404,  # UNKNOWN_TABLE
    62: 400,  # SYNTAX_ERROR
    73: 404,  # UNKNOWN_FORMAT
    81: 404,  # UNKNOWN_DATABASE
    115: 404,  # UNKNOWN_SETTING
    117: 400,  # INCORRECT_DATA
    456: 400,  # UNKNOWN_QUERY_PARAMETER
    457: 400,  # BAD_QUERY_PARAMETER
    497: 403,  # ACCESS_DENIED
    516: 403,  # AUTHENTICATION_FAILED
}


class StoreError(Exception):
    """A statement failed. The text is ClickHouse's: code, sentence, name."""

    def __init__(self, code: int, sentence: str, name: str) -> None:
        super().__init__(f"Code: {code}. DB::Exception: {sentence} ({name})")
        self.code = code

    @property
    def http_status(self) -> int:
        """The status ClickHouse's HTTP interface would answer with."""
        return _HTTP_STATUS.get(self.code, 500)


class EngineError(StoreError):
    """The engine's own exception, its text unchanged."""

    def __init__(self, text: str) -> None:
        Exception.__init__(self, text)
        found = _CODE.search(text)
        self.code = int(found.group(1)) if found else 1002  # UNKNOWN_EXCEPTION
