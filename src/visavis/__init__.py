"""Visavis: a self-hosted realtime engine for talking avatars and voice agents."""

__version__ = "0.1.0"
