"""Photographs that talk."""

from visavis.face.portrait.photo.puppet import Photo

__all__ = ["Photo"]
