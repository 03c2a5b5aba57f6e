"""Commands of others: where they are, and what they answer."""

import sys

import pytest

from wherry_build.doctor.finding import State
from wherry_build.doctor.tools import TOOLS, look_at_tools


@pytest.fixture(autouse=True)
def _unnamed(monkeypatch):
    monkeypatch.delenv("UV", raising=False)


def test_what_is_absent_says_how_it_is_installed(commands, monkeypatch):
    monkeypatch.setattr(sys, "executable", str(commands.folder / "python"))
    found = list(look_at_tools())
    assert [each.name for each in found] == [tool.name for tool in TOOLS]
    assert {each.state for each in found} == {State.ABSENT}
    assert all(each.hint and each.purpose for each in found)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"out": "production\nmore\n"}, "context production"),
        ({"code": 1, "err": "error: current-context is not set\n"}, "no context"),
    ],
)
def test_kubectl_says_its_context(commands, answer, said):
    commands.add("kubectl", {"config current-context": answer})
    (kubectl,) = [each for each in look_at_tools() if each.name == "kubectl"]
    assert kubectl.state is State.OK
    assert kubectl.said == f"{commands.folder}/kubectl, {said}"


def test_uv_is_found_where_a_build_finds_it(commands, monkeypatch):
    commands.add("uv", {"--version": {"out": "uv 0.13.9\n"}})
    monkeypatch.setenv("PATH", str(commands.folder.parent))
    monkeypatch.setattr(sys, "executable", str(commands.folder / "python"))
    (uv,) = [each for each in look_at_tools() if each.name == "uv"]
    assert uv.state is State.OK
    assert uv.said == f"{commands.folder}/uv, uv 0.13.9"
    assert "wherry builder serve" in uv.purpose


def test_a_command_that_is_none_does_not_answer(commands):
    (commands.folder / "uv").write_bytes(b"\x7fELF no program")
    (commands.folder / "uv").chmod(0o755)
    (found,) = [each for each in look_at_tools() if each.name == "uv"]
    assert found.said.endswith("which does not answer")
