"""Settings: names, precedence, what follows from what, and how a wrong one is told."""

import pytest

from wherry.config import Config
from wherry.context import Platform
from wherry.errors import ConfigError
from wherry.serving.sockets import function_socket, metrics_socket
from wherry.variables import VARIABLES


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch):
    for variable in VARIABLES:
        for name in variable.names:
            monkeypatch.delenv(name, raising=False)
    for name in ("KUBERNETES_SERVICE_HOST",):
        monkeypatch.delenv(name, raising=False)


def test_on_a_laptop_it_listens_on_loopback_and_does_not_linger():
    config = Config.from_environment()
    assert (config.host, config.port, config.metrics_port) == ("127.0.0.1", 8080, 8081)
    assert (config.lame_duck_s, config.overload_status) == (0.0, 503)
    assert config.platform is Platform.LOCAL


def test_metrics_listen_where_the_server_does_or_where_they_are_told():
    assert Config.from_environment().metrics_host is None
    config = Config.from_environment(
        {"PORT": "0", "WHERRY_METRICS_PORT": "0", "WHERRY_METRICS_HOST": "0.0.0.0"}
    )
    with function_socket(config) as function, metrics_socket(config) as metrics:
        assert function.getsockname()[0] == "127.0.0.1"
        assert metrics.getsockname()[0] == "0.0.0.0"
    with metrics_socket(config.with_(metrics_host=None)) as metrics:
        assert metrics.getsockname()[0] == "127.0.0.1"


@pytest.mark.parametrize(
    ("environment", "platform"),
    [
        ({"K_SERVICE": "a"}, Platform.KNATIVE),
        ({"OPENFAAS_NAME": "a"}, Platform.OPENFAAS),
        ({"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, Platform.KUBERNETES),
    ],
)
def test_a_platform_is_recognised(environment: dict[str, str], platform: Platform):
    config = Config.from_environment(environment)
    assert config.platform is platform
    assert (config.host, config.lame_duck_s) == ("0.0.0.0", 5.0)


def test_knatives_own_words():
    config = Config.from_environment(
        {"PORT": "9000", "K_SERVICE": "orders", "K_REVISION": "orders-00001", "K_SINK": "http://b"}
    )
    assert (config.port, config.function, config.revision) == (9000, "orders", "orders-00001")
    assert (config.sink, config.event_headers) == ("http://b", "knative")


def test_the_watchdogs_own_words():
    config = Config.from_environment(
        {"exec_timeout": "1m30s", "max_inflight": "4", "healthcheck_interval": "7"}
    )
    assert (config.timeout_s, config.drain_timeout_s, config.lame_duck_s) == (90.0, 91.0, 7.0)
    assert (config.max_inflight, config.max_queue, config.overload_status) == (4, 0, 429)


def test_who_is_believed_about_the_caller():
    assert Config.from_environment().trusted_proxies == ()
    knative = {"K_SERVICE": "a"}
    assert Config.from_environment(knative).trusted_proxies == ("127.0.0.0/8", "::1/128")
    nobody = {**knative, "WHERRY_TRUSTED_PROXIES": "none"}
    assert Config.from_environment(nobody).trusted_proxies == ()
    some = {"WHERRY_TRUSTED_PROXIES": " 10.0.0.0/8, 2001:DB8::1 ,*"}
    assert Config.from_environment(some).trusted_proxies == ("10.0.0.0/8", "2001:db8::1", "*")


@pytest.mark.parametrize(
    ("environment", "path"),
    [
        ({}, None),
        ({"K_SERVICE": "a"}, None),
        ({"OPENFAAS_NAME": "a", "TMPDIR": ""}, "/tmp/.lock"),
        ({"OPENFAAS_NAME": "a", "TMPDIR": "/run/a"}, "/run/a/.lock"),
        ({"OPENFAAS_NAME": "a", "suppress_lock": "true"}, None),
        ({"OPENFAAS_NAME": "a", "WHERRY_LOCK_FILE": "off"}, None),
        ({"WHERRY_LOCK_FILE": "/run/ready", "suppress_lock": "true"}, "/run/ready"),
    ],
)
def test_where_the_lock_file_is(environment: dict[str, str], path: str | None):
    assert Config.from_environment(environment).lock_file == path


@pytest.mark.parametrize(
    ("text", "paths"), [("on", None), ("OFF", ()), ("/_/health, /readyz", ("/_/health", "/readyz"))]
)
def test_which_probes_are_answered(text: str, paths: tuple[str, ...] | None):
    assert Config.from_environment({"WHERRY_PROBES": text}).probes == paths


@pytest.mark.parametrize("text", ["", "{}", '{"extensions": null}'])
def test_overrides_of_events_may_be_empty(text: str):
    assert Config.from_environment({"K_CE_OVERRIDES": text}).overrides == {}


def test_an_override_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PORT", "1111")
    assert Config.from_environment({"PORT": "2222"}).port == 2222


@pytest.mark.parametrize(
    ("handler", "name"),
    [
        ("functions/hello", "hello"),
        ("a/b/handler.py", "b"),
        ("x/thumb.py", "thumb"),
        ("functions/hello:handle", "hello"),
        ("functions/hello,functions/orders", "functions"),
        ("shop/a.py:one, b.py", "shop"),
        ("/", "function"),
    ],
)
def test_a_function_is_named_after_its_folder(handler: str, name: str):
    assert Config.from_environment({"WHERRY_HANDLER": handler}).function == name


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eighty"),
        ("PORT", "65536"),
        ("PORT", "٣"),
        ("WHERRY_WORKERS", "0"),
        ("WHERRY_TIMEOUT", "soon"),
        ("WHERRY_ACCESS_LOG", "perhaps"),
        ("WHERRY_LOG_FORMAT", "xml"),
        ("K_SINK", "file:///etc/passwd"),
        ("K_CE_OVERRIDES", "[]"),
        ("WHERRY_FUNCTION", "a\nb"),
        ("WHERRY_OVERLOAD_STATUS", "500"),
        ("WHERRY_PROBES", "healthz"),
        ("WHERRY_TRUSTED_PROXIES", "10.0.0.1/8"),
        ("WHERRY_TRUSTED_PROXIES", "proxy.example"),
        ("WHERRY_FORWARDED_FIELDS", "forwarded,x-forwarded-for"),
        ("WHERRY_FORWARDED_FIELDS", "x-real-ip"),
        ("WHERRY_WEBHOOK_ORIGINS", "https://a.example"),
        ("WHERRY_WEBHOOK_RATE", "0"),
        ("WHERRY_H2C", "perhaps"),
    ],
)
def test_a_wrong_value_is_told_by_name(name: str, value: str):
    with pytest.raises(ConfigError) as wrong:
        Config.from_environment({name: value})
    assert wrong.value.message.startswith(f"{name}: ")
    assert "expected" in wrong.value.message
    assert wrong.value.exit_code == 2


def test_a_port_that_knative_keeps_for_itself():
    with pytest.raises(ConfigError, match="reserved by Knative"):
        Config.from_environment({"K_SERVICE": "a", "WHERRY_METRICS_PORT": "9090"})


def test_every_setting_has_its_variable_and_every_name_is_used_once():
    described = {variable.field for variable in VARIABLES}
    derived = {"platform"}
    assert set(Config.__slots__) == described | derived
    names = [name for variable in VARIABLES for name in variable.names]
    assert len(names) == len(set(names))
