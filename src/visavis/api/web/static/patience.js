// How long a conversation is kept without a sign of life. Knows nothing of the page.

const HINT_MS = 5_000; // how long before the end it is asked whether anybody is there
const TICK_MS = 200;

export class Patience {
  #seconds;
  #tell;
  #deadline = 0;
  #ticking = 0;
  #left = null;

  /** `tell` gets the seconds left during the last five, null when these are over otherwise, and 0 at the end. */
  constructor(seconds, tell) {
    this.#seconds = seconds;
    this.#tell = tell;
  }

  get running() {
    return this.#ticking !== 0;
  }

  get hinting() {
    return this.#left !== null;
  }

  start() {
    this.#ticking ||= setInterval(() => this.#tick(), TICK_MS);
    this.keep();
  }

  /** A sign of life: begin again, with `more` seconds on top. */
  keep(more = 0) {
    this.#deadline = performance.now() + (this.#seconds + more) * 1000;
    this.#show(null);
  }

  stop() {
    clearInterval(this.#ticking);
    this.#ticking = 0;
    this.#show(null);
  }

  #tick() {
    const left = this.#deadline - performance.now();
    // With the shortest times the hint would stand there from the start.
    if (left <= Math.min(HINT_MS, this.#seconds * 600)) this.#show(Math.max(Math.ceil(left / 1000), 0));
  }

  #show(left) {
    if (left === this.#left) return;
    this.#left = left;
    this.#tell(left);
  }
}
