"""`wherry run`: real processes, real sockets, ports that the system gives."""

import concurrent.futures
import json
import signal
import socket
import time
import urllib.error
import urllib.request

import pytest


def eventually(condition, *, within_s=30.0):
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)


def get(url):
    with urllib.request.urlopen(url, timeout=30) as answer:
        return answer.read().decode()


@pytest.fixture
def write(here):
    def write(name, answer="", *, also="", source=None):
        file = here / "functions" / name / "handler.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(source or f"{also}\ndef handle(request):\n    return {answer!r}\n")
        return file

    return write


def ready_url(served):
    """Where a function that is served alone says that it is."""
    served.said("is ready on ")
    return served.err.partition("is ready on ")[2].split(",")[0].split()[0]


def test_one_function(serving, write):
    write("hello", "one")
    served = serving("functions/hello", "--port", "0")
    assert get(ready_url(served)) == "one"
    assert served.stop(signal.SIGTERM) == 0


def test_a_folder_of_functions(serving, write, here):
    write("a", "one")
    write("b", "two")
    (here / "functions/b/README.md").write_text(
        "# b\n\n```console\n$ curl -s 'http://localhost:8080/?x=1'\ntwo\n```\n"
    )
    served = serving("functions", "--port", "0")
    assert get(served.url("a")) == "one"
    assert get(served.url("b")) == "two"
    served.said(f"$ curl -s '{served.url('b')}?x=1'\ntwo\n")
    assert served.stop() == 0


def test_functions_together_in_one_process(serving, write):
    write("a", "one")
    write("b", "two")
    served = serving("functions/b", "functions/a", "--together", "--port", "0")
    url = ready_url(served)
    assert [get(f"{url}/{name}") for name in ("a", "b")] == ["one", "two"]
    served.said("functions (b at /b, a at /a) is ready")
    assert served.stop(signal.SIGTERM) == 0


def test_functions_together_are_renewed_together(serving, write):
    write("a", "one")
    write("b", "two")
    served = serving("functions", "--together", "--watch", "--port", "0")
    url = served.url("functions")
    assert get(f"{url}b") == "two"
    write("b", "three")
    eventually(lambda: get(f"{url}b") == "three")
    assert get(f"{url}a") == "one"
    assert served.stop() == 0


def test_paths_side_by_side(serving, write):
    write("a", "one")
    write("b", "two")
    served = serving("functions/b", "functions/a", "--port", "0")
    assert [get(served.url(name)) for name in ("a", "b")] == ["one", "two"]
    assert served.stop() == 0


def test_ports_in_use_are_left_out(serving, write):
    write("a", "one")
    write("b", "two")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        served = serving("functions", "--port", port)
        urls = [served.url("a"), served.url("b")]
        assert not any(url.endswith(f":{port}/") for url in urls)
        assert [get(url) for url in urls] == ["one", "two"]
        served.stop()


def test_one_broken_function_leaves_the_others(serving, write):
    write("bad", also="import nothing_of_that_name")
    write("good", "fine")
    served = serving("functions", "--port", "0")
    assert get(served.url("good")) == "fine"
    served.said("bad: did not start (exit code 3); nothing is served")
    assert "nothing_of_that_name" in served.err
    assert "not served" in served.out
    served.stop()


def test_none_that_starts_ends_with_3(serving, write):
    write("a", also="raise SystemExit('no')")
    write("b", also="1 / 0")
    served = serving("functions", "--port", "0")
    assert served.process.wait(60) == 3
    assert "no function got ready" in served.err


def test_a_handler_that_does_not_import_ends_with_3(serving, write):
    write("a", also="1 / 0")
    served = serving("functions/a", "--port", "0")
    assert served.process.wait(60) == 3
    assert "ZeroDivisionError" in served.err
    assert "Traceback" not in served.err


def test_watch_renews_and_a_broken_edit_leaves_the_old_code(serving, write):
    file = write("hello", "one")
    served = serving("functions/hello", "--watch", "--port", "0")
    url = served.url("hello")
    assert get(url) == "one"
    write("hello", "two")
    eventually(lambda: get(url) == "two")
    file.write_text("def broken(:\n")
    served.said("did not start (exit code 3); the one before goes on")
    assert get(url) == "two"
    write("hello", "three")
    eventually(lambda: get(url) == "three")
    assert served.stop() == 0


def test_watch_refuses_no_caller_while_it_renews(serving, write):
    write("hello", "0")
    served = serving("functions/hello", "--watch", "--port", "0")
    url = served.url("hello")
    for number in range(1, 4):
        write("hello", str(number))
        # Every call is answered, by the code before or after the edit.
        eventually(lambda wanted=str(number): get(url) == wanted)
    served.stop()


def test_watch_begins_with_broken_code_and_waits_for_the_edit(serving, write):
    file = write("hello", "one")
    file.write_text("def broken(:\n")
    served = serving("functions/hello", "--watch", "--port", "0")
    served.said("nothing is served")
    served.said("not served")
    write("hello", "mended")
    served.said("is ready on")
    assert get(served.err.partition("is ready on ")[2].split(",")[0]) == "mended"
    served.stop()


def test_a_function_that_dies_is_started_again(serving, write):
    write("a", "alive")
    write("b", source="import os\ndef handle(request):\n    os._exit(7)\n")
    served = serving("functions", "--port", "0")
    url = served.url("b")
    with pytest.raises((urllib.error.URLError, ConnectionError)):
        get(url)
    served.said("b: ended (exit code 7); again in 0.5 s")
    assert get(served.url("a")) == "alive"
    eventually(lambda: served.err.count("b (handler.handle) is ready") == 2)
    served.stop()


def test_an_edit_of_one_function_leaves_the_others_alone(serving, write):
    write("a", "one")
    write("b", "two")
    served = serving("functions", "--watch", "--port", "0")
    write("a", "edited")
    eventually(lambda: get(served.url("a")) == "edited")
    assert get(served.url("b")) == "two"
    assert "b: renewed" not in served.err
    served.stop()


def test_options_reach_the_function(serving, here, write):
    write("hello", "x")
    served = serving("functions/hello", "--port", "0", "--name", "greeter", "--watch")
    served.said("greeter (handler.handle) is ready")
    served.stop()


def test_a_call_in_flight_is_finished_when_its_code_is_renewed(serving, write, here):
    source = f"""
import time, pathlib

def handle(request):
    here = pathlib.Path({str(here)!r})
    (here / "began").touch()
    until = time.monotonic() + 20
    while not (here / "renewed").exists():
        assert time.monotonic() < until
        time.sleep(0.02)
    return "old"
"""
    write("hello", source=source)
    served = serving("functions/hello", "--watch", "--port", "0")
    url = served.url("hello")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        calling = pool.submit(get, url)
        eventually((here / "began").exists)
        write("hello", "new")
        served.said("hello: renewed")
        assert get(url) == "new"
        (here / "renewed").touch()
        assert calling.result() == "old"
    served.stop()


def test_two_names_for_several_functions_is_refused(wherry, write):
    write("a", "one")
    write("b", "two")
    done = wherry("run", "functions", "--name", "x")
    assert done.code == 2
    assert "--name names one function" in done.err


def test_a_wrong_setting_is_told(wherry, write, monkeypatch):
    write("a", "one")
    monkeypatch.setenv("PORT", "http")
    done = wherry("run", "functions/a")
    assert done.code == 2
    assert "PORT" in done.err


def test_invoke_reaches_what_is_served(serving, write, wherry):
    write("hello", {"a": 1})
    url = serving("functions/hello", "--watch", "--port", "0").url("hello")
    done = wherry("invoke", url)
    assert (done.code, json.loads(done.out), done.err) == (0, {"a": 1}, "HTTP 200 OK\n")
