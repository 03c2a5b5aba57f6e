"""`wherry new`."""

import pytest


def test_it_makes_a_function_and_says_what_is_next(wherry, here):
    done = wherry("new", "hello")
    assert done.code == 0
    assert done.out.splitlines() == [
        "functions/hello/README.md",
        "functions/hello/handler.py",
        "functions/hello/requirements.txt",
        "functions/hello/test_hello.py",
    ]
    assert done.err == "next: wherry run functions/hello\n"
    assert (here / "functions/hello/handler.py").is_file()


def test_it_refuses_to_write_over(wherry, here):
    wherry("new", "hello")
    (here / "functions/hello/handler.py").write_text("mine")
    done = wherry("new", "hello")
    assert done.code == 2
    assert "functions/hello exists" in done.err
    assert (here / "functions/hello/handler.py").read_text() == "mine"


@pytest.mark.parametrize("style", ["http", "events", "typed", "stream"])
def test_each_template_elsewhere(wherry, here, style):
    assert wherry("new", "x", "--template", style, "--path", "services").code == 0
    assert (here / "services/x/handler.py").is_file()
