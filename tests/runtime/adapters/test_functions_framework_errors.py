"""Functions that answer for an exception, by `@functions_framework.errorhandler`."""

import pytest

from wherry import CloudEvent
from wherry.errors import HandlerImportError
from wherry.loader import load
from wherry.testing import invoke, invoke_event

PAID = CloudEvent(
    type="com.acme.paid",
    source="/till",
    id="7",
    subject="s",
    time="2026-01-02T03:04:05Z",
    data={"amount": 5},
    shop="3",
)


SOURCE = """
    import functions_framework
    from flask import abort

    class Sunk(Exception): ...
    class Leaking(Sunk): ...

    @functions_framework.errorhandler(Sunk)
    def on_sunk(error):
        return f"sunk: {type(error).__name__}", 503, {"X-Hook": "yes"}

    @functions_framework.errorhandler(404)
    def on_absent(error):
        return "absent", error.code

    @functions_framework.http
    def f(request):
        kind = request.args["kind"]
        if kind == "404":
            abort(404)
        if kind == "409":
            abort(409)
        raise {"sunk": Sunk, "leaking": Leaking, "other": KeyError}[kind]
    """


@pytest.mark.parametrize(
    ("kind", "status", "text"),
    [
        ("sunk", 503, "sunk: Sunk"),
        ("leaking", 503, "sunk: Leaking"),
        ("404", 404, "absent"),
    ],
)
def test_the_nearest_answers(written, kind, status, text):
    answer = invoke(load(written(SOURCE)), path=f"/?kind={kind}")
    assert (answer.status, answer.text) == (status, text)


def test_what_no_one_takes_goes_on(written):
    handler = load(written(SOURCE))
    assert invoke(handler, path="/?kind=409").status == 409
    with pytest.raises(KeyError):
        invoke(handler, path="/?kind=other")


def test_the_hook_for_500_takes_the_rest(written):
    more = """
    @functions_framework.errorhandler(500)
    def on_rest(error):
        return type(error.original_exception).__name__, 500
    """
    answer = invoke(load(written(SOURCE + more)), path="/?kind=other")
    assert (answer.status, answer.text) == (500, "KeyError")


def test_hooks_of_another_function_are_not_asked(written):
    load(written(SOURCE, "one/main.py"))
    file = written(
        """
        import functions_framework

        @functions_framework.http
        def f(request):
            raise KeyError
        """,
        "two/main.py",
    )
    with pytest.raises(KeyError):
        invoke(load(file))


def test_hooks_in_a_module_beside_it_are_asked(written):
    written(
        """
        import functions_framework

        @functions_framework.errorhandler(ZeroDivisionError)
        def on_zero(error):
            return "zero", 400
        """,
        "hooks_of_a_function.py",
    )
    file = written(
        """
        import functions_framework
        import hooks_of_a_function

        @functions_framework.cloud_event
        async def f(event):
            1 / 0
        """
    )
    answer = invoke_event(load(file), PAID)
    assert (answer.status, answer.text) == (400, "zero")


@pytest.mark.parametrize("wanted", ["600", "'Sunk'", "int", "None"])
def test_what_is_no_exception_is_told(written, wanted):
    text = f"import functions_framework\nfunctions_framework.errorhandler({wanted})\n"
    with pytest.raises(HandlerImportError, match="errorhandler"):
        load(written(text))
