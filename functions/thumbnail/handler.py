"""Make a thumbnail of a picture: real work on bytes, with a library of the function's own."""

import io
import warnings

from flask import Request
from PIL import Image, UnidentifiedImageError

from wherry import Refuse, http

FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
SIDE, LONGEST_SIDE = 128, 1024
# A few kilobytes can unpack to gigabytes: Pillow warns above this, and here a warning is an error.
Image.MAX_IMAGE_PIXELS = 25_000_000
warnings.simplefilter("error", Image.DecompressionBombWarning)


@http(methods=["POST"])
def handle(request: Request) -> tuple[bytes, dict[str, str]]:
    """Answer with a PNG whose longer side is `?side=` pixels, 128 unless told."""
    side = request.args.get("side", SIDE, type=int)
    if not 1 <= side <= LONGEST_SIDE:
        raise Refuse(422, f"side must be from 1 to {LONGEST_SIDE}")
    thumbnail = io.BytesIO()
    try:
        with Image.open(io.BytesIO(request.get_data()), formats=FORMATS) as picture:
            # A palette cannot be blended; any other mode is smaller before it is converted.
            small = picture.convert("RGBA") if picture.mode == "P" else picture
            small.thumbnail((side, side))
            small.convert("RGBA").save(thumbnail, "PNG")
    except UnidentifiedImageError:
        raise Refuse(415, f"the body is none of: {', '.join(FORMATS)}") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Refuse(413, "the picture has too many pixels") from None
    except (OSError, SyntaxError, ValueError):
        raise Refuse(422, "the picture is broken") from None
    return thumbnail.getvalue(), {"Content-Type": "image/png"}
