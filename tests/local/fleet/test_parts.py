"""The small parts of the fleet: faults in words, sources that do not compile, sockets."""

import socket
import tempfile
from pathlib import Path

import pytest

from wherry_local.fleet.fault import ending, start_fault
from wherry_local.fleet.recovery import Backoff
from wherry_local.fleet.sockets import SocketFolder
from wherry_local.fleet.sources import source_fault


class TestFault:
    def test_the_runtimes_own_account_is_taken_and_nothing_before_it(self):
        lines = ["printed", "error: first", "error: handler 'x': no", "  at y:1", "  hint: z"]
        assert start_fault(lines, 3, 60) == "handler 'x': no\n  at y:1\n  hint: z"

    def test_where_there_is_none_the_last_lines_are_shown(self):
        said = start_fault([str(n) for n in range(40)], -11, 60).split("\n")
        assert said[0] == "it was ended by SIGSEGV"
        assert said[1:] == [f"  {n}" for n in range(28, 40)]

    def test_one_that_takes_too_long_says_so_whatever_it_wrote(self):
        assert start_fault(["error: old"], None, 60) == (
            "it was not ready after 60 s\n  error: old"
        )

    @pytest.mark.parametrize(
        ("code", "said"),
        [(0, "it ended with exit code 0"), (-9, "it was ended by SIGKILL"), (-99, "signal 99")],
    )
    def test_an_end_is_named(self, code, said):
        assert ending(code).endswith(said)


class TestBackoff:
    def test_pauses_double_up_to_half_a_minute(self):
        backoff, now, pauses = Backoff(), 100.0, []
        for _ in range(9):
            pauses.append(backoff.fail(now))
            now += pauses[-1]
        assert pauses == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]

    def test_failures_in_one_pause_are_one(self):
        backoff = Backoff()
        assert [backoff.fail(100.0), backoff.fail(100.1)] == [0.5, pytest.approx(0.4)]
        assert backoff.fail(100.5) == 1

    def test_who_was_well_for_long_begins_anew(self):
        backoff = Backoff()
        for now in (0.0, 1.0, 3.0):
            backoff.fail(now)
        assert backoff.fail(50.0, well_s=29) == 4
        assert backoff.fail(90.0, well_s=30) == 0.5
        backoff.reset()
        assert backoff.left(90.0) == 0


class TestSources:
    def test_the_first_file_that_does_not_compile_is_named(self, tmp_path):
        (tmp_path / "handler.py").write_text("def handle(): ...\n")
        assert source_fault(tmp_path) is None
        (tmp_path / "part.py").write_text("x = 1\ny = (\n")
        assert source_fault(tmp_path) == f"{tmp_path}/part.py, line 2: '(' was never closed"
        assert source_fault(tmp_path, [tmp_path / "handler.py"]) is None

    @pytest.mark.parametrize("folder", [".venv", "__pycache__", "node_modules"])
    def test_what_is_not_the_functions_own_is_not_looked_at(self, tmp_path, folder):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.py").write_text("(")
        assert source_fault(tmp_path) is None

    def test_files_that_are_gone_or_no_text_are_no_trouble(self, tmp_path):
        assert source_fault(tmp_path, [tmp_path / "gone.py"]) is None
        (tmp_path / "nul.py").write_bytes(b"x = '\x00'")
        assert "nul.py" in source_fault(tmp_path)
        assert source_fault(None) is None

    @pytest.mark.parametrize("source", ["-" * 200_000 + "1", "x" + ".x" * 100_000])
    def test_what_the_compiler_cannot_bear_is_a_fault_of_the_file(self, tmp_path, source):
        (tmp_path / "deep.py").write_text(source)
        assert "deep.py" in source_fault(tmp_path)


class TestSockets:
    @pytest.fixture
    def short(self):
        with tempfile.TemporaryDirectory(dir="/tmp") as folder:
            yield Path(folder).resolve()

    def test_each_is_a_file_of_the_owners_alone(self, short):
        folder = SocketFolder(short)
        made = [folder.listen("hello-x") for _ in range(2)]
        for sock, path in made:
            assert path.parent == short
            assert path.stat().st_mode & 0o777 == 0o600
            with socket.socket(socket.AF_UNIX) as caller:
                caller.connect(str(path))
            sock.close()
        assert len({path for _, path in made}) == 2

    def test_a_folder_with_a_long_name_has_its_sockets_elsewhere(self, tmp_path):
        deep = tmp_path / ("d" * 100)
        deep.mkdir()
        folder = SocketFolder(deep)
        sock, path = folder.listen("a-function-with-a-name-that-is-rather-long-itself-bcdfg")
        sock.close()
        assert path.parent != deep
        assert path.parent.stat().st_mode & 0o777 == 0o700
        folder.close()
        assert not path.parent.exists()

    def test_what_a_killed_platform_has_left_is_swept(self, short):
        sock, path = SocketFolder(short).listen("old")
        sock.close()
        assert path.exists()
        SocketFolder(short)
        assert not path.exists()

    def test_no_name_leads_out_of_the_folder(self, short):
        sock, path = SocketFolder(short).listen("../../x")
        sock.close()
        assert path.parent == short
