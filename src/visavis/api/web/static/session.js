// One session with the server: signalling, media and events. Knows nothing of the page.

import { keyed, withKey } from "./key.js";

const GRACE_MS = 30_000; // how long the server keeps a session whose peer was lost
const LOCKED = "This server asks for a key. Open this page again with #key= and a valid key at the end of its address.";
const PATIENCE_MS = 2_000; // a "disconnected" peer often comes back by itself

export class Refusal extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

export async function call(method, path, body, options = {}) {
  let answer;
  try {
    answer = await fetch(path, {
      method,
      headers: { ...keyed(), ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
      body: body === undefined ? undefined : JSON.stringify(body),
      ...options,
    });
  } catch {
    throw new Refusal("The server cannot be reached. Is it still running?", 0);
  }
  const data = await answer.json().catch(() => ({}));
  if (answer.status === 401) throw new Refusal(LOCKED, 401);
  if (!answer.ok) throw new Refusal(data.detail || `The server answered ${answer.status}.`, answer.status);
  return data;
}

function release(peer) {
  peer.onconnectionstatechange = null;
  peer.close();
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Dispatches `media` (detail: the stream to play), `link` (detail: connecting, connected, lost), `gone` (detail:
 * reason) and `trouble` (detail: text), besides the server's events, which keep their names and have their
 * data as detail.
 */
export class Session extends EventTarget {
  static EVENTS = [
    "status", "transcript", "speech.started", "speech.media_started", "subtitle.chunk", "speech.ended", "warning",
  ];

  #path;
  #peer = null;
  #voice = null; // the transceiver for both sides' sound
  #track = null; // what the user says
  #events = null;
  #over = false;
  #reconnecting = false;
  #seen = "0";

  constructor(id) {
    super();
    this.#path = `sessions/${id}`;
  }

  static async open(choice) {
    const { session_id } = await call("POST", "sessions", choice);
    return new Session(session_id);
  }

  /** Connect (again): the server lets the former connection go. */
  async connect() {
    if (!this.#events) this.#listen();
    const former = this.#peer;
    if (!former) this.#tell("link", "connecting");
    const peer = new RTCPeerConnection();
    this.#peer = peer;
    this.#voice = peer.addTransceiver(this.#track ?? "audio", { direction: this.#track ? "sendrecv" : "recvonly" });
    peer.addTransceiver("video", { direction: "recvonly" });
    const media = new MediaStream();
    peer.ontrack = ({ track }) => {
      media.addTrack(track);
      // The former connection's last picture stays until there is a new one.
      if (!former && media.getTracks().length === 2) this.#tell("media", media);
    };
    peer.onconnectionstatechange = () => {
      if (former && peer.connectionState === "connected") this.#tell("media", media);
      this.#follow(peer);
    };
    try {
      await peer.setLocalDescription();
      // The candidates are not waited for: the server finds us by our connectivity checks.
      const { sdp, type } = peer.localDescription;
      const answer = await call("POST", `${this.#path}/webrtc/offer`, { sdp, type });
      if (peer === this.#peer) await peer.setRemoteDescription(answer);
      if (former) release(former);
    } catch (error) {
      if (former && this.#over) release(former);
      if (this.#over) return;
      if (former) {
        // The server still has it.
        release(peer);
        this.#peer = former;
      }
      throw error;
    }
  }

  /**
   * Send a microphone's track from now on, or null for none, by a new connection in place of the present one.
   * Resolves to whether the server listens.
   */
  async listenTo(track) {
    this.#track = track;
    try {
      await this.connect();
    } catch (error) {
      this.#track = null;
      throw error;
    }
    return this.#voice.currentDirection === "sendrecv";
  }

  say(text) {
    return call("POST", `${this.#path}/speak`, { text });
  }

  async ask(prompt, busy) {
    if (busy) await this.interrupt();
    return call("POST", `${this.#path}/chat`, { prompt });
  }

  interrupt() {
    return call("POST", `${this.#path}/interrupt`);
  }

  end(reason = "closed") {
    if (this.#over) return;
    this.#finish(reason);
    call("DELETE", this.#path, undefined, { keepalive: true }).catch(() => {});
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  #finish(reason) {
    if (this.#over) return;
    this.#over = true;
    this.#events?.close();
    this.#drop();
    this.#tell("gone", reason);
  }

  #drop() {
    if (this.#peer) release(this.#peer);
    this.#peer = null;
  }

  async #follow(peer) {
    const state = peer.connectionState;
    if (state === "connected") this.#tell("link", "connected");
    if (state === "disconnected") await pause(PATIENCE_MS);
    const lost = ["disconnected", "failed", "closed"].includes(peer.connectionState);
    if (lost && peer === this.#peer && !this.#over) this.#reconnect();
  }

  async #reconnect() {
    if (this.#reconnecting) return;
    this.#reconnecting = true;
    this.#tell("link", "lost");
    const deadline = performance.now() + GRACE_MS;
    for (let wait = 250; !this.#over && performance.now() < deadline; wait = Math.min(wait * 2, 4000)) {
      try {
        await this.connect();
        if (await this.#connected(8_000)) break;
      } catch (error) {
        if (error instanceof Refusal && [404, 409].includes(error.status)) {
          this.#finish("peer_lost");
        }
      }
      await pause(wait);
    }
    this.#reconnecting = false;
    if (!this.#over && this.#peer?.connectionState !== "connected") this.end("peer_lost");
  }

  async #connected(patience) {
    const deadline = performance.now() + patience;
    while (!this.#over && performance.now() < deadline) {
      if (this.#peer?.connectionState === "connected") return true;
      if (this.#peer?.connectionState === "failed") return false;
      await pause(100);
    }
    return false;
  }

  #listen() {
    const events = new EventSource(withKey(`${this.#path}/events?after=${this.#seen}`));
    this.#events = events;
    const data = (event) => {
      this.#seen = event.lastEventId || this.#seen;
      return JSON.parse(event.data);
    };
    for (const name of Session.EVENTS) {
      events.addEventListener(name, (event) => this.#tell(name, data(event)));
    }
    events.addEventListener("session.terminated", (event) => this.#finish(data(event).reason));
    events.addEventListener("error", (event) => {
      // The browser calls its own connection troubles `error`, too; only the server's have data.
      if (event.data !== undefined) this.#tell("trouble", data(event).message);
      else if (events.readyState === EventSource.CLOSED) this.#resume();
    });
  }

  /** The browser has given up on the stream (it does, after any answer that is not 200). */
  async #resume() {
    await pause(1_000);
    if (this.#over) return;
    try {
      const { state } = await call("GET", this.#path);
      if (state === "terminated") this.#finish("closed");
    } catch (error) {
      if (error.status === 404) this.#finish("worker_lost");
    }
    if (!this.#over) this.#listen();
  }
}
