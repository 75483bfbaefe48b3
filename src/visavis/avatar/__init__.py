"""Avatars: bundles of pictures with a manifest, and the catalogue of those that are there."""

from visavis.avatar.bundle import Avatar
from visavis.avatar.catalogue import Catalogue
from visavis.avatar.gallery import Gallery

__all__ = ["Avatar", "Catalogue", "Gallery"]
