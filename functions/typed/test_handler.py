from pathlib import Path

import pytest

from wherry.loader import load
from wherry.testing import invoke

typed = load(Path(__file__).parent)
PARCEL = {"weight_kg": 1.5, "length_cm": 40, "width_cm": 30, "height_cm": 20}


def post(parcel):
    return invoke(typed, method="POST", json=parcel)


def test_a_bulky_parcel_is_charged_by_its_volume():
    assert post(PARCEL).json == {"pence": 1152, "charged_kg": 4.8, "service": "standard"}


def test_a_heavy_parcel_is_charged_by_its_weight():
    assert post({**PARCEL, "weight_kg": 10}).json["pence"] == 2400


def test_express_costs_twice_as_much():
    answer = post({**PARCEL, "service": "express", "notes": ["leave with a neighbour"]})
    assert answer.json == {"pence": 2304, "charged_kg": 4.8, "service": "express"}


@pytest.mark.parametrize(
    ("parcel", "paths"),
    [
        ({}, ["/weight_kg", "/length_cm", "/width_cm", "/height_cm"]),
        ({**PARCEL, "weight_kg": "heavy"}, ["/weight_kg"]),
        ({**PARCEL, "length_cm": 1.5}, ["/length_cm"]),
        ({**PARCEL, "service": "pigeon"}, ["/service"]),
        ({**PARCEL, "notes": ["ok", 7]}, ["/notes/1"]),
        ([], [""]),
    ],
)
def test_every_fault_is_named_with_its_place(parcel, paths):
    answer = post(parcel)
    assert answer.status == 422
    assert sorted(fault["path"] for fault in answer.json["errors"]) == sorted(paths)


def test_what_is_no_json_is_refused():
    headers = {"content-type": "application/json"}
    assert invoke(typed, method="POST", headers=headers, body=b"{").status == 400
