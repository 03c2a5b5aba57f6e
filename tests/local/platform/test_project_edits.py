"""What an edit of wherry.yaml changes in a platform that runs, and what it cannot."""

from tests.local.platform.life import eventually, living

HANDLER = "import os\n\n\ndef handle(request):\n    return os.environ.get('GREETING', 'hello')\n"


def test_a_namespace_counts_at_the_next_start(tmp_path):
    (tmp_path / "hello").mkdir()
    (tmp_path / "hello/handler.py").write_text(HANDLER)
    file = tmp_path / "wherry.yaml"
    file.write_text("functions: {hello: {}}\n")
    with living(tmp_path) as life:
        assert life.ask("GET", "/function/hello") == (200, b"hello")
        file.write_text("namespace: shop\nfunctions: {hello: {environment: {GREETING: moin}}}\n")
        eventually(lambda: "namespace: got shop," in life.log.read_text())
        assert life.ask("GET", "/function/hello") == (200, b"hello")
        file.write_text("functions: {hello: {environment: {GREETING: moin}}}\n")
        eventually(lambda: life.ask("GET", "/function/hello") == (200, b"moin"))
        assert life.end() == 0
