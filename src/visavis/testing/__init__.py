"""Fakes and conformance suites, for this project's tests and those of third parties."""
