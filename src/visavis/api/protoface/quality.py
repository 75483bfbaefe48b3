"""The quality tiers: which face, how large, how often (contract protoface 1.3)."""

from collections.abc import Mapping
from typing import NamedTuple

from visavis.api.protoface.errors import Refusal
from visavis.settings import Settings


class Tier(NamedTuple):
    """What a quality means to the engine."""

    model: str
    """The face model; empty for the configured one."""
    size: int
    """Pixels of the longer side; 0 for the avatar's own."""
    fps: int
    """Pictures per second; 0 for the avatar's own."""


TIERS: Mapping[str, Tier] = {
    "lite": Tier("", 320, 15),
    "standard": Tier("", 512, 25),
    "mock": Tier("mock", 512, 25),
}

METERED: Mapping[str, str] = {"mock": "standard"}
"""What counts as another quality."""


def tier(quality: str, settings: Settings) -> Tier:
    """The tier of that name. A `Refusal` (409) if the server has no face for it."""
    if quality != "pro":
        return TIERS[quality]
    if not settings.protoface_pro_model:
        raise Refusal(
            409, "quality_unavailable", "this server has no face for pro; ask for standard", param="quality"
        )
    return Tier(settings.protoface_pro_model, 0, 0)
