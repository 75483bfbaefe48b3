"""The wire: each family of routes translates one contract to the verbs of `visavis.pool` and back."""
