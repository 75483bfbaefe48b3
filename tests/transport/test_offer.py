import random
from collections.abc import Callable, Iterator

import pytest

from tests.transport.peer import Peer
from visavis.errors import InvalidInput
from visavis.transport.webrtc import WebRtcTransport


def without(prefix: str) -> Callable[[str], str]:
    return lambda sdp: "".join(line for line in sdp.splitlines(True) if not line.startswith(prefix))


def instead(old: str, new: str) -> Callable[[str], str]:
    return lambda sdp: sdp.replace(old, new)


DATA_CHANNEL = (
    "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=sctp-port:5000\r\n"
    "a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwxyz\r\na=setup:actpass\r\n"
    "a=fingerprint:sha-256 " + ":".join(["AB"] * 32) + "\r\n"
)


BROKEN: dict[str, Callable[[str], str]] = {
    "empty": lambda sdp: "",
    "some text": lambda sdp: "Hello, I would like to see you.",
    "json": lambda sdp: '{"type": "offer"}',
    "nothing after the version": lambda sdp: "v=0\r\n",
    "no media": lambda sdp: sdp[: sdp.index("m=")],
    "no ice-ufrag": without("a=ice-ufrag"),
    "no ice-pwd": without("a=ice-pwd"),
    "short ice-pwd": lambda sdp: without("a=ice-pwd")(sdp) + "a=ice-pwd:short\r\n",
    "no fingerprint": without("a=fingerprint"),
    "unknown fingerprint": instead("sha-", "md-"),
    "no setup": without("a=setup"),
    "odd setup": instead("a=setup:actpass", "a=setup:perhaps"),
    "no rtcp-mux": without("a=rtcp-mux"),
    "no rtpmap": without("a=rtpmap"),
    "no mid": without("a=mid"),
    "two of one mid": instead("a=mid:1", "a=mid:0"),
    "long mid": instead("a=mid:1", "a=mid:" + "1" * 300),
    "only sends": instead("a=recvonly", "a=sendonly"),
    "only codecs we can't": lambda sdp: sdp.replace("VP8/90000", "AV1/90000").replace("H264/90000", "VP9/90000"),
    "no opus": lambda sdp: sdp.replace("opus/48000/2", "vorbis/48000/2"),
    "a bad port": instead("m=video ", "m=video x"),
    "text media": instead("m=audio", "m=text"),
    "a data channel alone": lambda sdp: DATA_CHANNEL,
    "bad payload types": instead("m=audio", "m=audio 9 UDP/TLS/RTP/SAVPF 999\r\nm=audio"),
    "bad fmtp": lambda sdp: sdp + "a=fmtp:12345 a=b\r\n",
    "bad extension numbers": lambda sdp: sdp + "a=extmap:4711 urn:ietf:params:rtp-hdrext:sdes:mid\r\n",
    "attributes without value": lambda sdp: sdp + "a=fingerprint\r\na=ssrc\r\na=rtpmap\r\n",
    "null bytes": lambda sdp: sdp.replace("a=mid", "a=\0mid"),
    "a megabyte of junk": lambda sdp: "v=0\r\n" + "x" * 1_000_000,
    "a megabyte of media": lambda sdp: "v=0\r\n" + sdp[sdp.index("m=") :] * 250,
    "thirty sections": lambda sdp: "v=0\r\n" + "m=audio 9 UDP/TLS/RTP/SAVPF 96\r\n" * 30,
    "digits without end": instead("m=video ", "m=video " + "9" * 5000),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_a_malformed_offer_is_invalid_input_in_plain_words(
    transport: WebRtcTransport, peers: Callable[[], Peer], name: str
) -> None:
    offer = BROKEN[name](await peers().offer())
    with pytest.raises(InvalidInput) as refused:
        await transport.offer("main", offer)
    assert 20 < len(refused.value.message) < 250
    assert transport._viewers == {}


def mutations(sdp: str, count: int) -> Iterator[str]:
    """Offers that somebody spoiled: lines lost, doubled, swapped, and characters changed."""
    chance = random.Random(7)  # noqa: S311  # a test has to be the same every time
    for _ in range(count):
        lines = sdp.splitlines(True)
        for _ in range(chance.randint(1, 6)):
            i, j = chance.randrange(len(lines)), chance.randrange(len(lines))
            action = chance.randrange(5)
            if action == 0:
                del lines[i]
            elif action == 1:
                lines.insert(j, lines[i])
            elif action == 2:
                lines[i], lines[j] = lines[j], lines[i]
            elif action == 3:
                position = chance.randrange(len(lines[i]))
                lines[i] = lines[i][:position] + chance.choice("0 :;=/x\t-9é٣") + lines[i][position + 1 :]
            else:
                lines[i] = lines[i][: chance.randrange(len(lines[i]))] + "\r\n"
        yield "".join(lines)


async def test_no_spoiled_offer_raises_anything_else(
    transport: WebRtcTransport, peers: Callable[[], Peer]
) -> None:
    answered = 0
    for i, offer in enumerate(mutations(await peers().offer(), 300)):
        try:
            await transport.offer(f"viewer {i % 4}", offer)
            answered += 1
        except InvalidInput:
            continue
    assert 20 < answered < 280
