"""HTTP functions as functions_framework's documentation writes them, and how they are found."""

import pytest

from wherry.errors import HandlerImportError, HandlerNameNotFound, HandlerSignatureError
from wherry.handler import Kind
from wherry.loader import load
from wherry.testing import invoke


class TestHttp:
    def test_the_request_is_flasks_and_the_answer_what_flask_takes(self, written):
        file = written(
            """
            import flask
            import functions_framework

            @functions_framework.http
            def hello(request: flask.Request) -> flask.typing.ResponseReturnValue:
                args = request.get_json(silent=True) or request.args
                return f"Hello {args.get('name', 'World')}!"
            """
        )
        handler = load(file)
        assert invoke(handler).text == "Hello World!"
        assert invoke(handler, path="/?name=Ada").text == "Hello Ada!"
        assert invoke(handler, method="POST", json={"name": "Bo"}).text == "Hello Bo!"
        assert invoke(handler, method="DELETE", path="/any/path").status == 200

    def test_the_parameter_may_have_any_name(self, written):
        file = written(
            """
            import functions_framework

            @functions_framework.http
            def f(r):
                return {"method": r.method}, 201, {"X-Made": "yes"}
            """
        )
        answer = invoke(load(file), method="PUT")
        assert (answer.status, answer.json) == (201, {"method": "PUT"})
        assert answer.headers["x-made"] == "yes"

    def test_flasks_own_names_work_in_it(self, written):
        file = written(
            """
            import functions_framework
            from flask import abort, jsonify, request

            @functions_framework.http
            def f(_):
                if request.method == "PUT":
                    abort(405)
                return jsonify(path=request.path)
            """
        )
        assert invoke(load(file), path="/a").json == {"path": "/a"}
        assert invoke(load(file), method="PUT").status == 405

    def test_it_may_stream(self, written):
        file = written(
            """
            import functions_framework
            from flask import stream_with_context

            @functions_framework.http
            def totals(request):
                def each():
                    total = 0
                    for line in request.data.splitlines():
                        total += int(line)
                        yield f"{total}\\n"
                return stream_with_context(each())
            """
        )
        assert invoke(load(file), method="POST", body=b"1\n2\n3").text == "1\n3\n6\n"

    def test_templates_beside_it_are_found(self, written):
        written("<h1>{{ name }}</h1>", "templates/hello_of_a_function.html")
        file = written(
            """
            import functions_framework
            from flask import render_template

            @functions_framework.http
            def page(request):
                return render_template("hello_of_a_function.html", name="Ada")
            """
        )
        assert invoke(load(file)).text == "<h1>Ada</h1>"

    @pytest.mark.parametrize("path", ["/robots.txt", "/favicon.ico"])
    def test_what_browsers_ask_for_is_not_the_functions(self, written, path):
        file = written(
            """
            import functions_framework

            @functions_framework.http
            def f(request):
                return "called"
            """
        )
        assert invoke(load(file), path=path).status == 404
        assert invoke(load(file), path=path + "/x").text == "called"

    def test_an_async_one_is_awaited(self, written):
        file = written(
            """
            import functions_framework

            @functions_framework.http
            async def f(request):
                return "awaited"
            """
        )
        handler = load(file)
        assert handler.is_async
        assert invoke(handler).text == "awaited"
        assert invoke(handler, path="/robots.txt").status == 404

    def test_an_undecorated_one_is_said_to_be(self, written):
        file = written("def hello_http(anything):\n    return anything.args['name']\n")
        with pytest.raises(HandlerSignatureError):
            load(file, name="hello_http")
        for signature in ("http", "functions-framework"):
            handler = load(file, name="hello_http", signature=signature)
            assert invoke(handler, path="/?name=Ada").text == "Ada"

    def test_what_it_imports_beside_itself_is_found(self, written):
        written("GREETING = 'from beside'\n", "beside_of_a_function.py")
        file = written(
            """
            import functions_framework
            from beside_of_a_function import GREETING
            from .beside_of_a_function import GREETING as RELATIVE

            @functions_framework.http
            def f(request):
                return GREETING + RELATIVE
            """
        )
        assert invoke(load(file)).text == "from beside" * 2


class TestFinding:
    TWO = """
        import functions_framework

        @functions_framework.http
        def first(request):
            return "first"

        @functions_framework.cloud_event
        def second(event): ...

        def third(anything):
            return "third"
        """

    def test_the_only_declared_one_is_found(self, written):
        file = written(self.TWO.replace("@functions_framework.cloud_event", ""))
        assert load(file).name == "main.first"

    def test_several_must_be_named(self, written):
        file = written(self.TWO)
        with pytest.raises(HandlerNameNotFound, match="declares several functions: first, second"):
            load(file)
        assert load(file, name="second").kind is Kind.EVENT
        assert load(f"{file}:first").kind is Kind.HTTP

    def test_a_name_that_is_not_there_is_told_the_others(self, written):
        with pytest.raises(HandlerNameNotFound, match=r"fourth.*first, second, third"):
            load(written(self.TWO), name="fourth", signature="http")
        with pytest.raises(HandlerNameNotFound, match="fourth"):
            load(written(self.TWO), name="fourth")

    def test_a_decorator_wins_over_what_is_said(self, written):
        assert load(written(self.TWO), name="second", signature="http").kind is Kind.EVENT

    def test_the_only_function_needs_no_name(self, written):
        file = written("from os.path import join\ndef only(thing):\n    return thing.path\n")
        assert invoke(load(file, signature="http"), path="/a").text == "/a"

    def test_a_decorator_around_the_declared_one_changes_nothing(self, written):
        file = written(
            """
            import functools
            import functions_framework

            def loud(function):
                @functools.wraps(function)
                def call(*args):
                    return function(*args).upper()
                return call

            @loud
            @functions_framework.http
            def f(request):
                return "hello"
            """
        )
        assert invoke(load(file)).text == "HELLO"

    def test_a_function_called_start_is_no_hook_of_ours(self, written):
        file = written(
            """
            import functions_framework
            import wherry

            def start(engine, speed): ...

            def stop():
                raise AssertionError("called")

            @wherry.ready
            def asked():
                return True

            @functions_framework.http
            def f(request):
                start("one", 2)
                return "ran"
            """
        )
        handler = load(file)
        assert invoke(handler).text == "ran"
        assert (handler.hooks.start, handler.hooks.stop) == (None, None)
        assert handler.hooks.ready is not None

    def test_a_class_is_no_function(self, written):
        with pytest.raises(HandlerSignatureError, match="'Thing' is no function"):
            load(written("class Thing: ...\n"), name="Thing", signature="http")

    def test_a_module_of_ours_that_imports_it_stays_ours(self, written):
        file = written(
            """
            import functions_framework

            def handle(body: bytes):
                return body
            """
        )
        assert invoke(load(file), method="POST", body=b"x").body == b"x"

    def test_the_framework_itself_must_go(self, written, tmp_path, monkeypatch):
        (tmp_path / "installed").mkdir()
        (tmp_path / "installed" / "functions_framework.py").write_text(
            "def http(function):\n    return function\n"
        )
        monkeypatch.syspath_prepend(str(tmp_path / "installed"))
        file = written(
            """
            import functions_framework

            @functions_framework.http
            def f(request): ...
            """
        )
        with pytest.raises(HandlerImportError, match="functions-framework is installed") as told:
            load(file, name="f")
        assert "pip uninstall" in told.value.hint
