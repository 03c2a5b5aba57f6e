"""Quote a parcel's postage: JSON in, checked against the annotations; JSON out."""

import enum
from dataclasses import dataclass, field

PENCE_PER_KG = 240


class Service(enum.Enum):
    """How fast it goes."""

    STANDARD = "standard"
    EXPRESS = "express"


@dataclass(frozen=True)
class Parcel:
    """What the caller sends; a body that does not fit is answered with 422 and every fault."""

    weight_kg: float
    length_cm: int
    width_cm: int
    height_cm: int
    service: Service = Service.STANDARD
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Quote:
    """What the caller gets."""

    pence: int
    charged_kg: float
    service: Service


def handle(parcel: Parcel) -> Quote:
    """Charge by weight, or by volume where that is more."""
    volume_kg = parcel.length_cm * parcel.width_cm * parcel.height_cm / 5000
    charged_kg = max(parcel.weight_kg, volume_kg)
    rate = PENCE_PER_KG * (2 if parcel.service is Service.EXPRESS else 1)
    return Quote(round(charged_kg * rate), round(charged_kg, 2), parcel.service)
