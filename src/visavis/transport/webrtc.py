"""`WebRtcTransport`: the viewers of one session, and who of them is there."""

import asyncio
from collections.abc import Callable

from aiortc import RTCRtpReceiver

from visavis.errors import AtCapacity, Conflict
from visavis.media.chunk import AVChunk
from visavis.transport.broadcast import Broadcast
from visavis.transport.ice import Network
from visavis.transport.viewer import WebRtcViewer

MAX_VIEWERS = 16
"""Of one session; each costs about 1 % of a core."""


class WebRtcTransport:
    """Plays a session to its WebRTC viewers.

    `joined` is called when a viewer is connected, `left` when it is not any more: gone, silent for 6 s (it may
    join again), or replaced. Neither is called by `close`.
    """

    def __init__(
        self,
        broadcast: Broadcast,
        network: Network,
        *,
        joined: Callable[[WebRtcViewer], None] | None = None,
        left: Callable[[WebRtcViewer], None] | None = None,
        microphone: Callable[[RTCRtpReceiver], None] | None = None,
    ) -> None:
        self.broadcast = broadcast
        self._network = network
        self._joined = joined
        self._left = left
        self._microphone = microphone
        self._viewers: dict[str, WebRtcViewer] = {}
        self._present: set[WebRtcViewer] = set()
        self._leaving: set[asyncio.Task[None]] = set()
        self._closed = False

    @property
    def viewers(self) -> int:
        """How many are connected."""
        return len(self._present)

    @property
    def connected(self) -> bool:
        """Whether anybody is."""
        return bool(self._present)

    async def offer(self, viewer_id: str, sdp: str) -> str:
        """Answer an offer. It adds a viewer, or replaces the one of the same id, who is let go at once.

        Raises `InvalidInput`, after which an earlier viewer of that id is still there, `AtCapacity`, or
        `Conflict` if the transport has been closed.
        """
        if viewer_id not in self._viewers and len(self._viewers) >= MAX_VIEWERS:
            raise AtCapacity(f"This session has {MAX_VIEWERS} viewers already.")
        viewer = WebRtcViewer(
            viewer_id,
            self.broadcast,
            self._network,
            changed=self._viewer_changed,
            microphone=self._microphone,
        )
        answer = await viewer.answer(sdp)
        if self._closed:
            await viewer.close()
            raise Conflict("The session has ended.")
        earlier = self._viewers.get(viewer_id)
        self._viewers[viewer_id] = viewer
        if earlier:
            self._let_go(earlier)
        return answer

    def play(self, chunk: AVChunk) -> None:
        """See `Transport.play`."""
        self.broadcast.play(chunk)

    def flush(self) -> None:
        """See `Transport.flush`."""
        self.broadcast.flush()

    async def close(self) -> None:
        """Let every viewer go, in at most 2 s."""
        self._closed = True
        viewers = list(self._viewers.values())
        self._viewers.clear()
        self._present.clear()
        await asyncio.gather(*(viewer.close() for viewer in viewers), *self._leaving)
        await self.broadcast.close()

    def _viewer_changed(self, viewer: WebRtcViewer) -> None:
        if viewer.is_over:
            self._let_go(viewer)
        elif viewer.is_connected:
            self._present.add(viewer)
            if self._joined:
                self._joined(viewer)
        else:
            self._leave(viewer)

    def _let_go(self, viewer: WebRtcViewer) -> None:
        """Close a viewer in the background; whoever waits for its place doesn't wait for its sockets."""
        if self._viewers.get(viewer.id) is viewer:
            del self._viewers[viewer.id]
        task = asyncio.create_task(viewer.close(), name=f"close viewer {viewer.id}")
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)
        self._leave(viewer)

    def _leave(self, viewer: WebRtcViewer) -> None:
        if viewer in self._present:
            self._present.remove(viewer)
            if self._left:
                self._left(viewer)
