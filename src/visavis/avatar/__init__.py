"""Avatars: bundles of pictures with a manifest, and the catalogue of those that are there."""

from visavis.avatar.bundle import Avatar
from visavis.avatar.catalogue import Catalogue
from visavis.avatar.consent import Consent
from visavis.avatar.gallery import Gallery
from visavis.avatar.portrait import make_portrait

__all__ = ["Avatar", "Catalogue", "Consent", "Gallery", "make_portrait"]
