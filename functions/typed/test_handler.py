import pytest

PARCEL = {"weight_kg": 1.5, "length_cm": 40, "width_cm": 30, "height_cm": 20}


def test_a_bulky_parcel_is_charged_by_its_volume(wherry_invoke):
    assert wherry_invoke(json=PARCEL).json == {
        "pence": 1152,
        "charged_kg": 4.8,
        "service": "standard",
    }


def test_a_heavy_parcel_is_charged_by_its_weight(wherry_invoke):
    assert wherry_invoke(json={**PARCEL, "weight_kg": 10}).json["pence"] == 2400


def test_express_costs_twice_as_much(wherry_invoke):
    answer = wherry_invoke(
        json={**PARCEL, "service": "express", "notes": ["leave with a neighbour"]}
    )
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
def test_every_fault_is_named_with_its_place(wherry_invoke, parcel, paths):
    answer = wherry_invoke(json=parcel).expect(422)
    assert sorted(fault["path"] for fault in answer.json["errors"]) == sorted(paths)


def test_what_is_no_json_is_refused(wherry_invoke):
    wherry_invoke(headers={"content-type": "application/json"}, body=b"{").expect(400)
