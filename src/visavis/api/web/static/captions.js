// What was said, to be read from afar: the visitor's words and, in step with the sound, the avatar's.

const MOST_CHUNKS = 100; // older ones are scrolled out of sight long before
const CHARACTERS_PER_SECOND = { wide: 4.5, narrow: 15 }; // ordinary speech, in Chinese characters and in letters
const WIDE = /[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]/;

export class Captions {
  #words;
  #said;
  #text;
  #scrolling = 0;

  /** `said` holds `words`, the visitor's; `text` is what moves inside the window that shows the avatar's. */
  constructor({ said, words, text }) {
    this.#said = said;
    this.#words = words;
    this.#text = text;
  }

  get empty() {
    return !this.#text.hasChildNodes() && !this.#words.hasChildNodes();
  }

  /** What the visitor said, so far or for good. */
  quote(text, final) {
    this.#words.textContent = text;
    this.#said.hidden = !text;
    this.#said.classList.toggle("final", final);
  }

  /** The avatar begins to say this. */
  add(text) {
    const chunk = Object.assign(document.createElement("span"), { textContent: text });
    this.#text.append(chunk);
    while (this.#text.childElementCount > MOST_CHUNKS) this.#text.firstElementChild.remove();
    this.#follow(chunk);
  }

  /** The window has another size. */
  fit() {
    if (this.#text.lastElementChild) this.#follow(this.#text.lastElementChild);
  }

  /** Nothing the avatar said is left. */
  hush() {
    clearTimeout(this.#scrolling);
    this.#text.replaceChildren();
    this.#move(0, 0);
  }

  clear() {
    this.hush();
    this.quote("", false);
  }

  /** Bring a chunk into view; one that is higher than the window moves through it as it is said. */
  #follow(chunk) {
    clearTimeout(this.#scrolling);
    const room = this.#text.parentElement.clientHeight;
    const end = this.#text.offsetHeight - room;
    if (end <= 0) return this.#move(0, 0);
    const top = chunk.offsetTop;
    this.#move(Math.min(end, top), 0.5);
    if (end <= top) return;
    const text = chunk.textContent;
    const pace = WIDE.test(text) ? CHARACTERS_PER_SECOND.wide : CHARACTERS_PER_SECOND.narrow;
    const seconds = text.length / pace;
    const lead = (seconds * room) / (chunk.offsetHeight * 2); // until the voice has come to the window's middle
    this.#scrolling = setTimeout(() => this.#move(end, Math.max(seconds - 2 * lead, 0.5)), lead * 1000);
  }

  #move(up, seconds) {
    this.#text.style.setProperty("--seconds", `${seconds}s`);
    this.#text.style.setProperty("--up", `${-up}px`);
    this.#text.parentElement.classList.toggle("scrolled", up > 0);
  }
}
