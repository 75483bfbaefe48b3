"""Visemes from sound alone: for voices that do not know their phonemes."""

from visavis.lipsync.reader import Reader, Weights

__all__ = ["Reader", "Weights"]
