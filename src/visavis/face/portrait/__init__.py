"""The portrait face: a drawn, layered rig (or a still photo) whose mouth follows the speech, on one CPU core."""

from visavis.face.portrait.provider import PortraitProvider

__all__ = ["PortraitProvider"]
