"""`functions_framework.create_app`, and what its `test_client()` gets."""

import pytest

from wherry.adapters import install

MAIN = """
    import functions_framework
    import flask

    @functions_framework.http
    def hello(request):
        return flask.jsonify(hello=request.args.get("name", "World"))

    @functions_framework.http
    def broken(request):
        raise ValueError("inner text")

    @functions_framework.cloud_event
    def stored(event):
        assert event["type"] == "t"

    def plain(anything):
        return anything.method

    def background(data, context):
        assert context.event_id == "1"

    not_a_function = 5

    class Thing: ...
    """


@pytest.fixture
def framework():
    install()
    import functions_framework

    return functions_framework


@pytest.fixture(autouse=True)
def no_settings(monkeypatch, tmp_path):
    for name in ("FUNCTION_TARGET", "FUNCTION_SOURCE", "FUNCTION_SIGNATURE_TYPE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def test_a_decorated_function_needs_its_name_alone(framework, written):
    written(MAIN)
    client = framework.create_app("hello").test_client()
    assert client.get("/?name=Ada").json == {"hello": "Ada"}
    assert client.put("/any/path").json == {"hello": "World"}
    assert client.get("/robots.txt").status_code == 404


def test_arguments_win_over_the_environment(framework, written, monkeypatch):
    file = written(MAIN, "other.py")
    monkeypatch.setenv("FUNCTION_TARGET", "background")
    monkeypatch.setenv("FUNCTION_SOURCE", str(file))
    monkeypatch.setenv("FUNCTION_SIGNATURE_TYPE", "event")
    client = framework.create_app().test_client()
    assert client.post("/", json={"eventId": "1", "data": 2}).text == "OK"
    client = framework.create_app("plain", str(file), "http").test_client()
    assert client.delete("/").text == "DELETE"


def test_events_in_the_binary_and_the_structured_mode(framework, written):
    client = framework.create_app("stored", written(MAIN)).test_client()
    from cloudevents.conversion import to_binary, to_structured
    from cloudevents.http import CloudEvent

    event = CloudEvent({"type": "t", "source": "/"}, {"a": 1})
    for encode in (to_binary, to_structured):
        headers, body = encode(event)
        answer = client.post("/", headers=headers, data=body)
        assert (answer.status_code, answer.text) == (200, "OK")
    refused = client.post("/", headers={"authorization": "secret"}, data="x")
    assert refused.status_code in {400, 415}
    assert "secret" not in refused.text


def test_an_error_of_the_function_is_a_bare_500(framework, written):
    answer = framework.create_app("broken", written(MAIN)).test_client().get("/")
    assert answer.status_code == 500
    assert "inner" not in answer.text


@pytest.mark.parametrize(
    ("target", "signature", "kind", "said"),
    [
        (None, None, "InvalidConfigurationException", "FUNCTION_TARGET"),
        ("absent", None, "MissingTargetException", "'absent'"),
        ("not_a_function", None, "InvalidTargetTypeException", "no function"),
        ("Thing", None, "InvalidTargetTypeException", "no function"),
        ("plain", "cgi", "FunctionsFrameworkException", "'cgi'"),
    ],
)
def test_what_cannot_be_served_is_told_by_the_frameworks_errors(
    framework, written, target, signature, kind, said
):
    with pytest.raises(getattr(framework.exceptions, kind), match=said):
        framework.create_app(target, written(MAIN), signature)


def test_a_missing_file_and_a_module_that_raises(framework, written):
    with pytest.raises(framework.exceptions.MissingSourceException, match=r"main\.py"):
        framework.create_app("hello")
    with pytest.raises(ZeroDivisionError):
        framework.create_app("hello", written("1 / 0\n", "raises.py"))
    with pytest.raises(ModuleNotFoundError, match="no_such_package"):
        framework.create_app("hello", written("import no_such_package\n", "needs.py"))


def test_the_lazy_application_is_made_by_its_first_request(framework, written):
    from werkzeug.test import Client

    written(MAIN)
    app = framework.LazyWSGIApp("hello")
    assert app.app is None
    assert Client(app).get("/").get_json() == {"hello": "World"}
    made = app.app
    Client(app).get("/")
    assert app.app is made
