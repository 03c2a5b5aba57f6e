"""Commands of others: where they are, and what they answer."""

import pytest

from wherry_build.doctor.finding import State
from wherry_build.doctor.tools import TOOLS, look_at_tools


def test_what_is_absent_says_how_it_is_installed(commands):
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


def test_a_command_that_is_none_does_not_answer(commands):
    (commands.folder / "uv").write_bytes(b"\x7fELF no program")
    (commands.folder / "uv").chmod(0o755)
    (found,) = [each for each in look_at_tools() if each.name == "uv"]
    assert found.said.endswith("which does not answer")
