"""Durations and quantities are what they say, and nothing else is one."""

import pytest

from wherry_build.errors import InvalidName
from wherry_build.project.specification.amounts import Cpu, Duration, Memory, limits


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [("0s", 0), ("500ms", 500), ("30s", 30_000), ("5m", 300_000), ("1h", 3_600_000)],
)
def test_durations(text, milliseconds):
    assert Duration.parse(text).milliseconds == milliseconds
    assert Duration.parse(str(Duration.parse(text))) == Duration.parse(text)


@pytest.mark.parametrize(
    "text", ["", "30", "30 s", "1.5s", "-1s", "s", "01s", "30s\n", "PT30S", "\u0661s"]
)
def test_no_durations(text):
    with pytest.raises(InvalidName, match="duration"):
        Duration.parse(text)


@pytest.mark.parametrize(
    ("text", "millicores"), [("250m", 250), ("1", 1000), ("0.5", 500), ("1.25", 1250)]
)
def test_cpu(text, millicores):
    assert Cpu(text=text).millicores == millicores


@pytest.mark.parametrize("text", ["", "0", "0.0", "m", "-1", "1e3", "1.", ".5", "1 ", "01", "1\n"])
def test_no_cpu(text):
    with pytest.raises(InvalidName, match="CPU"):
        Cpu(text=text)


@pytest.mark.parametrize(
    ("text", "size"), [("128Mi", 128 * 2**20), ("1G", 10**9), ("2Ki", 2048), ("3k", 3000)]
)
def test_memory(text, size):
    assert Memory(text=text).bytes == size


@pytest.mark.parametrize("text", ["", "128", "128mi", "0Mi", "1.5Gi", "Mi", "128MB", "128Mi\n"])
def test_no_memory(text):
    with pytest.raises(InvalidName, match="memory"):
        Memory(text=text)


@pytest.mark.parametrize(
    ("text", "accepted"), [("1s", True), ("2s", True), ("1500ms", False), ("3s", False)]
)
def test_limits(text, accepted):
    assert limits("1s", "2s", whole_seconds=True).accepts(Duration.parse(text)) is accepted
