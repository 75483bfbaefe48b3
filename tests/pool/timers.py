"""Time that passes when a test says so."""

from collections.abc import Callable


class ManualTimer:
    """One call to come."""

    def __init__(self, at: float, call: Callable[[], None]) -> None:
        self.at = at
        self.call = call
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class ManualTimers:
    """In place of a loop's `call_later`."""

    def __init__(self) -> None:
        self.now = 0.0
        self._timers: list[ManualTimer] = []

    def later(self, delay: float, call: Callable[[], None]) -> ManualTimer:
        timer = ManualTimer(self.now + delay, call)
        self._timers.append(timer)
        return timer

    def advance(self, seconds: float) -> None:
        """Let time pass; what is due is called, in its order."""
        self.now += seconds
        due = sorted((timer for timer in self._timers if timer.at <= self.now), key=lambda timer: timer.at)
        self._timers = [timer for timer in self._timers if timer.at > self.now]
        for timer in due:
            if not timer.cancelled:
                timer.call()
