// One visitor's conversation: a microphone and a session, made again whenever one is lost. Knows nothing of the page.

import { Microphone } from "./microphone.js";
import { Refusal, Session } from "./session.js";

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;
const STEADY_MS = 10_000; // an attempt that lasted this long has worked
const FULL = 503;
const BLOCKED = ["NotAllowedError", "SecurityError"];

/** What stands in the way, as a word: blocked, absent (the microphone), full, away (the server). */
function obstacle(error) {
  if (error instanceof Refusal) return error.status === FULL ? "full" : "away";
  return BLOCKED.includes(error.cause?.name) ? "blocked" : "absent";
}

/** Dispatches what a session does, and `obstacle` (detail: the word) each time an attempt has failed. */
export class Visit extends EventTarget {
  static EVENTS = ["media", "link", "trouble", ...Session.EVENTS];

  #choice;
  #microphone = null;
  #session = null;
  #over = false;
  #hurry = () => {};

  /** `choice` is what a session is made of. */
  constructor(choice) {
    super();
    this.#choice = choice;
  }

  get level() {
    return this.#microphone?.level ?? 0;
  }

  /** Returns when it was closed; until then nothing is given up. */
  async run() {
    let wait = 0;
    while (!this.#over) {
      const began = performance.now();
      this.#tell("link", "connecting");
      try {
        await this.#converse();
      } catch (error) {
        if (this.#over) return;
        console.warn(error.message); // for the operator; visitors get plain words
        this.#tell("obstacle", obstacle(error));
      }
      if (performance.now() - began > STEADY_MS) wait = 0;
      wait = Math.min(Math.max(wait * 2, FIRST_WAIT_MS), LONGEST_WAIT_MS);
      await this.#rest(wait);
    }
  }

  /** While it is muted, silence is sent: the server takes that for the end of what was being said. */
  mute(muted) {
    this.#microphone?.mute(muted);
  }

  async interrupt() {
    // If this fails the session is about to be found lost.
    await this.#session?.interrupt().catch((error) => console.warn(error.message));
  }

  /** Don't wait for the next attempt. */
  hurry() {
    this.#hurry();
  }

  close() {
    this.#over = true;
    this.#session?.end();
    this.#silence();
    this.#hurry();
  }

  /** Resolves when the session or the microphone is lost; rejects if there was none. */
  async #converse() {
    this.#microphone ??= await Microphone.open();
    if (this.#over) return this.#silence();
    const session = await Session.open(this.#choice);
    if (this.#over) return session.end();
    this.#session = session;
    for (const name of Visit.EVENTS) session.addEventListener(name, ({ detail }) => this.#tell(name, detail));
    const { track } = this.#microphone;
    const lost = new Promise((resolve) => {
      session.addEventListener("gone", resolve);
      track.addEventListener("ended", resolve);
    });
    try {
      const heard = await session.listenTo(track);
      if (!heard && !this.#over) throw new Refusal("The server does not listen: it has no recogniser.", 0);
      await lost;
    } finally {
      session.end();
      if (track.readyState === "ended") this.#silence();
    }
  }

  #silence() {
    this.#microphone?.close();
    this.#microphone = null;
  }

  #tell(name, detail) {
    if (!this.#over) this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  async #rest(ms) {
    if (this.#over) return;
    const devices = navigator.mediaDevices;
    let timer = 0;
    await new Promise((resolve) => {
      this.#hurry = resolve;
      timer = setTimeout(resolve, ms);
      devices?.addEventListener("devicechange", resolve);
    });
    devices?.removeEventListener("devicechange", this.#hurry);
    clearTimeout(timer);
    this.#hurry = () => {};
  }
}
