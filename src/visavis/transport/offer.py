"""`ViewerOffer`: a WebRTC offer that has been checked before any connection is made for it."""

import ipaddress
import re
from dataclasses import dataclass
from typing import Literal

from aiortc.rtcdtlstransport import X509_DIGEST_ALGORITHMS
from aiortc.sdp import DIRECTIONS, MediaDescription, SessionDescription, candidate_from_sdp

from visavis.errors import InvalidInput

Kind = Literal["audio", "video"]

MAX_CHARS = 65_536
"""Chromium's offer has 6,000 to 8,000."""

MAX_SECTIONS = 8
"""Audio, video, a data channel, and room for what somebody may add."""

MAX_CANDIDATES = 32
"""Each one is an address that a stranger makes this machine send checks to."""

CONTROL = re.compile(r"[^\S\r\n\t ]|[\0-\x08\x0e-\x1f\x7f]")
"""What no line of SDP may hold: control characters, and white space that would split it (RFC 8866, 5)."""

MALFORMED = (ValueError, AssertionError, AttributeError, LookupError, TypeError, StopIteration)
"""What aiortc's parser raises on lines it didn't expect."""


@dataclass(frozen=True, slots=True)
class ViewerOffer:
    """An offer that aiortc can answer."""

    sdp: str
    """The offer, cleaned: see `_cleaned`."""
    kinds: tuple[Kind, ...]
    """What the viewer wants to receive."""

    @classmethod
    def parse(cls, sdp: str) -> "ViewerOffer":
        """Check an offer. Raises `InvalidInput` with what is wrong with it."""
        if len(sdp) > MAX_CHARS:
            raise InvalidInput(f"The SDP offer is longer than {MAX_CHARS} characters.")
        if not sdp.startswith("v=0") or CONTROL.search(sdp):
            raise InvalidInput("This is not an SDP offer: it has to begin with v=0 and be plain text.")
        cleaned = _cleaned(sdp)
        try:
            description = SessionDescription.parse(cleaned)
        except MALFORMED:
            raise InvalidInput("The SDP offer is malformed.") from None
        if not 0 < len(description.media) <= MAX_SECTIONS:
            raise InvalidInput(f"The SDP offer needs 1 to {MAX_SECTIONS} media sections.")
        mids = {media.rtp.muxId for media in description.media}
        if len(mids) < len(description.media):
            raise InvalidInput("Each media section of the SDP offer needs an a=mid of its own.")
        if not mids.issuperset(mid for group in description.group for mid in group.items):
            raise InvalidInput("The a=group of the SDP offer names a section that isn't there.")
        for media in description.media:
            _check(media)
        kinds: list[Kind] = []
        for kind in ("audio", "video"):
            if any(
                media.kind == kind and media.direction in ("sendrecv", "recvonly") for media in description.media
            ):
                kinds.append(kind)
        if not kinds:
            raise InvalidInput("The SDP offer receives neither audio nor video: add a recvonly transceiver.")
        return cls(cleaned, tuple(kinds))


def _check(media: MediaDescription) -> None:
    """What aiortc would stumble over later, in a task of its own where nobody can be told."""
    where = f"The {media.kind[:20]} section of the SDP offer"
    if media.kind == "application":
        if "webrtc-datachannel" not in media.fmt or media.sctp_port is None:
            raise InvalidInput(f"{where} is no WebRTC data channel.")
    elif media.kind not in ("audio", "video"):
        raise InvalidInput(f"{where} can't be answered: only audio, video and data channels can.")
    ice = media.ice
    if ice is None or not 4 <= len(ice.usernameFragment or "") <= 256 or not 22 <= len(ice.password or "") <= 256:
        raise InvalidInput(f"{where} has no usable a=ice-ufrag and a=ice-pwd.")
    known = media.dtls and [
        each for each in media.dtls.fingerprints if each.algorithm.lower() in X509_DIGEST_ALGORITHMS
    ]
    if not known:
        raise InvalidInput(f"{where} needs a=setup and an a=fingerprint (sha-256).")
    if len(media.rtp.muxId) > 16 or not media.rtp.muxId.isascii():
        raise InvalidInput(f"{where} has an a=mid of more than 16 ASCII characters.")
    if any(not 0 < extension.id < 256 for extension in media.rtp.headerExtensions):
        raise InvalidInput(f"{where} has an a=extmap number outside 1 to 255.")


def _cleaned(sdp: str) -> str:
    """The same offer, with what it leaves open filled in and what delays an answer left out.

    * No `a=end-of-candidates`: a browser that hides its addresses is found by its own checks (peer-reflexive
      candidates, RFC 8445, 7.3.1.3), and aioice would give up before they come.
    * No `.local` candidates: resolving them takes a second, and the browser's checks arrive sooner.
    * No candidate that can't be used: other components than 1, TCP, bad addresses.
    * `a=sendrecv` where no direction is given (RFC 8866, 6.7).
    """
    session, *sections = _sections(sdp)
    candidates = 0
    lines = [line for line in session if not line.startswith("a=candidate:")]
    for section in sections:
        for line in section:
            if line.startswith("a=candidate:"):
                if candidates == MAX_CANDIDATES or not _usable(line.removeprefix("a=candidate:")):
                    continue
                candidates += 1
            elif line.startswith("a=end-of-candidates"):
                continue
            lines.append(line)
        if not any(line[2:] in DIRECTIONS for line in section if line.startswith("a=")):
            lines.append("a=sendrecv")
    return "\r\n".join([*lines, ""])


def _sections(sdp: str) -> list[list[str]]:
    sections: list[list[str]] = [[]]
    for line in sdp.splitlines():
        if line.startswith("m="):
            sections.append([])
        sections[-1].append(line)
    return sections


def _usable(candidate: str) -> bool:
    try:
        parsed = candidate_from_sdp(candidate)
        address = ipaddress.ip_address(parsed.ip)
    except MALFORMED:
        return False
    return (
        parsed.component == 1
        and parsed.protocol.lower() == "udp"
        and parsed.type in ("host", "srflx", "relay")
        and 0 < parsed.port < 65536
        and not address.is_multicast
        and not address.is_unspecified
    )
