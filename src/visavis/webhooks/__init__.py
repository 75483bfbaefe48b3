"""Webhooks: telling others over HTTP what happened, signed (Standard Webhooks) and at least once.

`visavis.store.webhooks` has who wants to know and what there is to tell; `Courier` carries it there.
"""

from visavis.webhooks.courier import Courier
from visavis.webhooks.destination import check

__all__ = ["Courier", "check"]
