// The user's microphone: asking for it, muting it, and how loud it is. Knows nothing of the page or the server.

const WANTED = { audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true } };
const REFUSALS = {
  NotAllowedError: "The microphone is blocked for this page. Allow it in the browser’s site settings, then press the button again.",
  NotFoundError: "No microphone was found. Plug one in, then press the button again.",
  NotReadableError: "The microphone is in use by another program, or switched off in the system’s settings.",
};
const QUIET_DB = -55; // shown as nothing
const LOUD_DB = -10; // shown as full

export class Microphone {
  #stream;
  #context = new AudioContext();
  #analyser = new AnalyserNode(this.#context, { fftSize: 512 });
  #samples = new Float32Array(this.#analyser.fftSize);

  constructor(stream) {
    this.#stream = stream;
    this.#context.createMediaStreamSource(stream).connect(this.#analyser);
  }

  /** Ask for it, inside a tap. Rejects with an Error whose message is for the user; `cause` is the browser's own. */
  static async open() {
    if (!navigator.mediaDevices?.getUserMedia) {
      throw new Error(
        "Browsers give a page the microphone only over https or on localhost. Open this page that way; " +
          "the server speaks https when it is started with --ssl-certfile and --ssl-keyfile.",
      );
    }
    try {
      return new Microphone(await navigator.mediaDevices.getUserMedia(WANTED));
    } catch (error) {
      throw new Error(REFUSALS[error.name] ?? `The microphone cannot be used: ${error.message}`, { cause: error });
    }
  }

  get track() {
    return this.#stream.getAudioTracks()[0];
  }

  /** While it is muted, silence is sent. */
  mute(muted) {
    this.track.enabled = !muted;
  }

  /** How loud it is now, 0 to 1. */
  get level() {
    this.#analyser.getFloatTimeDomainData(this.#samples);
    const power = this.#samples.reduce((sum, x) => sum + x * x, 0) / this.#samples.length;
    const decibels = 10 * Math.log10(power + 1e-12);
    return Math.min(Math.max((decibels - QUIET_DB) / (LOUD_DB - QUIET_DB), 0), 1);
  }

  close() {
    this.track.stop();
    this.#context.close();
  }
}
