"""The microphones and loudspeakers of this machine, through PortAudio (`sounddevice`, the extra `microphone`).

PortAudio is one library for the whole process. It is not thread-safe, and the devices it knows are those of the
moment when it was initialised. So one lock guards every call but those of its own callbacks, and it is
initialised anew before devices are looked up, unless a stream is open, which would not survive that.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, ClassVar, TypeAlias, TypeVar

import msgspec

from visavis.errors import InvalidInput, Unavailable, VisavisError

logger = logging.getLogger(__name__)

Choice: TypeAlias = int | str | None
"""A device by its index, by a part of its name, or the system's default."""

SHOWN = 8
"""Devices that an error names, at most."""


class SoundDevice(msgspec.Struct, frozen=True):
    """A device of this machine. One piece of hardware may be several: for input, for output, in two systems."""

    index: int
    """PortAudio's; changes when devices come and go."""
    name: str
    channels: int
    sample_rate: int
    """Its own, in Hz; others are usually possible."""

    kind: ClassVar[str]
    called: ClassVar[str]


class InputDevice(SoundDevice, frozen=True):
    """What sound comes in by."""

    kind: ClassVar[str] = "input"
    called: ClassVar[str] = "microphone"


class OutputDevice(SoundDevice, frozen=True):
    """What sound goes out by."""

    kind: ClassVar[str] = "output"
    called: ClassVar[str] = "loudspeaker"


D = TypeVar("D", bound=SoundDevice)


def input_devices() -> list[InputDevice]:
    """The devices that sound can be taken from; none without hardware. Blocks: call it in a thread.

    While a stream is open, the devices that were there when it was opened. Raises `Unavailable` if PortAudio
    or `sounddevice` is not installed.
    """
    return _devices(InputDevice)


def find_input(device: Choice) -> InputDevice:
    """The device that is meant; a part of a name, in any case, means the first that has it. Blocks.

    Raises `InvalidInput` if there is no such device, `Unavailable` if there is no default, or no PortAudio.
    """
    return _find(device, InputDevice)


def find_output(device: Choice) -> OutputDevice:
    """As `find_input`, for what sound is played by."""
    return _find(device, OutputDevice)


def ignore(error: VisavisError) -> None:
    """Do nothing about a device that is lost."""


OpenStream: TypeAlias = Callable[[Any, Callable[[], None]], Any]
"""Makes a stream of PortAudio, not started yet: from the library, and what is to be its `finished_callback`.

It may raise `VisavisError`, and PortAudio's own error, which then becomes `Unavailable`.
"""


class SoundStream:
    """A stream of PortAudio from before it is opened until it is closed; both are done in a thread.

    `on_lost` is told, on the event loop, why nothing comes or goes any more: once, and not after `close`.
    """

    def __init__(self, open_stream: OpenStream, what: str, on_lost: Callable[[VisavisError], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._open_stream = open_stream
        self._what = what
        self._on_lost = on_lost
        self._stream: Any = None
        self._error: VisavisError | None = None
        self._closed = False
        self._opening = asyncio.create_task(self._open(), name=f"open the {what}")

    @property
    def is_over(self) -> bool:
        """Whether it is closed, or lost."""
        return self._closed or self._error is not None

    async def opened(self) -> None:
        """Return when it runs. Raises what kept it from that, or ended it since."""
        await asyncio.wait([self._opening])
        if self._error is not None:
            raise self._error

    async def close(self) -> None:
        """Close the device; may be called again."""
        self._closed = True
        await asyncio.wait([self._opening])
        stream, self._stream = self._stream, None
        if stream is not None:
            await asyncio.to_thread(_close, stream)

    async def _open(self) -> None:
        try:
            self._stream = await asyncio.to_thread(_open, self._open_stream, self._finished, self._what)
        except VisavisError as error:
            self._lose(error)

    def _finished(self) -> None:
        """PortAudio's own thread calls this when the stream ends, however that comes."""
        with suppress(RuntimeError):  # the loop is closed: nobody is left to tell
            self._loop.call_soon_threadsafe(self._lose, Unavailable(_GONE.format(self._what)))

    def _lose(self, error: VisavisError) -> None:
        if not self.is_over:
            self._error = error
            logger.warning("the %s is lost: %s", self._what, error.code)
            self._on_lost(error)


_GONE = "the {0} is gone: it was unplugged, or the sound server has ended. Plug it in and begin again"

_lock = threading.RLock()
_streams = 0
"""How many are open; guarded by the lock."""


@contextmanager
def _portaudio() -> Iterator[Any]:
    """The library, alone and with the devices of now if that is possible."""
    with _lock:
        try:
            import sounddevice
        except ModuleNotFoundError:
            raise Unavailable("sounddevice is not installed: pip install 'visavis[microphone]'") from None
        except OSError:
            raise Unavailable("PortAudio is not installed; on Debian: apt-get install libportaudio2") from None
        if not _streams:
            # There is no public way. Where one of them fails, the list of devices is empty. What other threads
            # write to stderr in those 30 ms is lost: sounddevice silences ALSA that way.
            with suppress(sounddevice.PortAudioError):
                sounddevice._terminate()
            with suppress(sounddevice.PortAudioError):
                sounddevice._initialize()
        yield sounddevice


def _open(open_stream: OpenStream, finished: Callable[[], None], what: str) -> Any:
    global _streams
    with _portaudio() as library:
        stream = None
        try:
            stream = open_stream(library, finished)
            stream.start()
        except library.PortAudioError as error:
            if stream is not None:
                stream.close()
            logger.info("the %s can't be opened: %s", what, error)
            raise Unavailable(
                f"the {what} can't be opened: end the program that uses it, or choose another device"
            ) from None
        _streams += 1
        return stream


def _close(stream: Any) -> None:
    global _streams
    with _lock:
        stream.abort()
        stream.close()
        _streams -= 1


def _devices(kind: type[D]) -> list[D]:
    with _portaudio() as library:
        try:
            found = [_device(fields, kind) for fields in library.query_devices()]
        except library.PortAudioError as error:
            logger.warning("PortAudio lists no devices: %s", error)
            return []
    return [device for device in found if device.channels > 0]


def _device(fields: dict[str, Any], kind: type[D]) -> D:
    channels = fields[f"max_{kind.kind}_channels"]
    return kind(fields["index"], fields["name"], channels, round(fields["default_samplerate"]))


def _find(choice: Choice, kind: type[D]) -> D:
    if choice is None or choice == "":
        return _default(kind)
    devices = _devices(kind)
    if isinstance(choice, int):
        found = [device for device in devices if device.index == choice]
        problem = f"Error querying device {choice}"
    else:
        part = choice.casefold()
        found = [device for device in devices if part in device.name.casefold()]
        found.sort(key=lambda device: device.name.casefold() != part)
        problem = f"No {kind.kind} device matching {choice[:100]!r}"
    if not found:
        raise InvalidInput(f"{problem}: {_remedy(devices, kind)}")
    return found[0]


def _default(kind: type[D]) -> D:
    with _portaudio() as library:
        try:
            return _device(library.query_devices(kind=kind.kind), kind)
        except library.PortAudioError:
            raise Unavailable(f"Error querying device -1: {_remedy(_devices(kind), kind)}") from None


def _remedy(devices: list[D], kind: type[D]) -> str:
    if not devices:
        return f"this server has no {kind.called}. Connect one, or use the browser's"
    names = ", ".join(f"{device.index} ({device.name})" for device in devices[:SHOWN])
    return f"choose one of those that are there: {names}{', …' if len(devices) > SHOWN else ''}"
