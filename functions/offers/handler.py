"""Ask several suppliers at once and take the cheapest: a coroutine that waits without blocking."""

import asyncio
from dataclasses import asdict, dataclass

from flask import Request

from wherry import Context, Refuse, http

PATIENCE_S = 0.4
"""How long a supplier may take before the answer goes out without it."""

PRICES = {
    "harbour": {"oar": 19.5, "sail": 240.0},
    "quay": {"oar": 18.0, "sail": 265.0},
    "island": {"oar": 12.0},
}
DELAYS_S = {"harbour": 0.05, "quay": 0.02, "island": 5.0}


@dataclass(frozen=True)
class Offer:
    """What a supplier asks for a thing."""

    supplier: str
    price: float


@http(methods=["GET"])
async def handle(request: Request, context: Context) -> dict[str, object]:
    """Answer with the offers for `?sku=`, the cheapest first, and who did not answer in time."""
    sku = request.args.get("sku", "")
    asked = {asyncio.create_task(offered(name, sku)): name for name in PRICES}
    patience_s = min(PATIENCE_S, context.deadline.remaining() / 2)
    answered, late = await asyncio.wait(asked, timeout=patience_s)
    for task in late:
        task.cancel()
    offers = [offer for task in answered if (offer := task.result()) is not None]
    if not offers:
        raise Refuse(404, f"nobody offers {sku!r}")
    return {
        "offers": [asdict(offer) for offer in sorted(offers, key=lambda offer: offer.price)],
        "late": sorted(asked[task] for task in late),
    }


async def offered(supplier: str, sku: str) -> Offer | None:
    """Ask one supplier; here a table and a pause stand for a call over the network."""
    await asyncio.sleep(DELAYS_S[supplier])
    price = PRICES[supplier].get(sku)
    return None if price is None else Offer(supplier=supplier, price=price)
