"""AlertManager's messages: what they may be, and what each does."""

from contextlib import suppress

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_local.autoscaling.alert import Alert, InvalidAlert, alerts_of, answer_alerts
from wherry_local.autoscaling.scaler import Autoscaler
from wherry_local.deployment import FunctionKey, ScalePolicy

from .fleet_recorder import RecordedFleet


def message(*alerts):
    said = [
        {"status": status, "labels": {"alertname": "APIHighInvocationRate", "function_name": name}}
        for name, status in alerts
    ]
    return orjson.dumps({"status": "firing", "receiver": "scale-up", "alerts": said})


def answered(fleet, *alerts):
    scaler = Autoscaler(fleet, fleet.tell, clock=fleet.clock)
    return answer_alerts(scaler, fleet, alerts_of(message(*alerts)))


def test_each_alert_says_its_function_and_whether_it_fires():
    assert alerts_of(message(("hello", "firing"), ("order.shop", "resolved"))) == [
        Alert(function=FunctionKey("hello"), is_firing=True),
        Alert(function=FunctionKey("order", "shop"), is_firing=False),
    ]


def test_firing_adds_a_share_of_the_most():
    fleet = RecordedFleet()
    hello = fleet.add("hello", ScalePolicy(most=10), {"com.openfaas.scale.factor": "25"})
    assert answered(fleet, ("hello", "firing")) == []
    assert hello.desired == 4, "25 % of 10, rounded up, to the one that was there"
    answered(fleet, ("hello", "firing"), ("hello", "firing"), ("hello", "firing"))
    assert hello.desired == 10


def test_resolved_goes_back_to_the_least_which_is_one_at_least():
    fleet = RecordedFleet()
    hello = fleet.add("hello", ScalePolicy(least=3))
    other = fleet.add("other", ScalePolicy(initial=5))
    answered(fleet, ("hello", "firing"), ("hello", "resolved"), ("other.openfaas-fn", "resolved"))
    assert (hello.desired, other.desired) == (3, 1)


def test_a_function_that_sleeps_stays_asleep():
    fleet = RecordedFleet()
    hello = fleet.add("hello", ScalePolicy(initial=0))
    assert answered(fleet, ("hello", "firing"), ("hello", "resolved")) == []
    assert hello.desired == 0


def test_a_function_that_is_not_there_is_said_and_the_others_are_scaled():
    fleet = RecordedFleet()
    hello = fleet.add("hello", ScalePolicy(most=5))
    assert answered(fleet, ("nobody", "firing"), ("hello", "firing")) == [
        "nobody.openfaas-fn: there is no such function"
    ]
    assert hello.desired == 2


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (b"", "the body"),
        (b"{", "the body"),
        (b"[]", "alerts"),
        (b'{"alerts": {}}', "alerts"),
        (b'{"alerts": [{"labels": {"function_name": "a"}}, {"status": "firing"}]}', r"alerts\[1\]"),
        (b'{"alerts": [{"labels": {"function_name": 5}}]}', r"alerts\[0\]"),
        (b'{"alerts": ["x"]}', r"alerts\[0\]"),
    ],
)
def test_what_is_no_message_is_refused(body, named):
    with pytest.raises(InvalidAlert, match=named):
        alerts_of(body)


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(),
        lambda each: (
            st.lists(each)
            | st.dictionaries(st.sampled_from(["alerts", "labels", "function_name"]), each)
        ),
    )
)
def test_any_json_is_a_message_or_refused(said):
    with suppress(InvalidAlert):
        alerts_of(orjson.dumps(said))
