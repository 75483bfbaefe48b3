"""What a conformance suite says when an implementation does not keep its contract."""


class ContractBroken(AssertionError):
    """The implementation under test breaks a promise; the message says which."""


def require(condition: object, message: str) -> None:
    """Raise `ContractBroken(message)` unless `condition` is true."""
    if not condition:
        raise ContractBroken(message)
