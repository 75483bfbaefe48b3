// What a day at a screen in a lobby needs, in a test of a minute: time that can be skipped, a microphone that can
// be refused, and a count of connections.

{
  const now = performance.now.bind(performance);
  window.day = { skipped: 0, peers: [], refusal: null };
  performance.now = () => now() + day.skipped;

  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...details) {
      super(...details);
      day.peers.push(this);
    }
  };
  day.open = () => day.peers.filter((peer) => peer.connectionState !== "closed").length;

  const allowed = navigator.mediaDevices.getUserMedia;
  navigator.mediaDevices.getUserMedia = (wanted) =>
    day.refusal ? Promise.reject(new DOMException("", day.refusal)) : allowed.call(navigator.mediaDevices, wanted);
}
