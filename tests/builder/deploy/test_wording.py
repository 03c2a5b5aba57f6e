"""What others say, made fit for a message."""

import urllib3
from urllib3.exceptions import MaxRetryError, NewConnectionError

from wherry_build.deploy.wording import cause, words


def test_words_are_on_one_line_and_have_an_end():
    assert words(" a\n\tb\x1b[31m ", limit=20) == "a b [31m"
    assert words("abcdef", limit=3) == "abc…"


def test_a_cause_is_the_innermost_one():
    refused = ConnectionRefusedError(111, "Connection refused")
    pool = urllib3.HTTPConnectionPool("127.0.0.1")
    connection = NewConnectionError(pool, "Failed to establish a new connection")
    connection.__cause__ = refused
    assert cause(MaxRetryError(pool, "/", connection)) == "Connection refused"


def test_a_cause_without_words_is_its_name():
    assert cause(TimeoutError()) == "TimeoutError"
