// A microphone that says what the test wants, when it wants it: Chromium's own fake device plays one file
// from the moment it is opened, which cannot be timed against what the avatar does.

window.speech = {
  context: null,
  outlet: null,

  /** Plays a WAV file (base64) into the microphone; resolves with the time at which it began. */
  async say(wav) {
    const bytes = Uint8Array.from(atob(wav), (letter) => letter.charCodeAt(0));
    const buffer = await this.context.decodeAudioData(bytes.buffer);
    const source = new AudioBufferSourceNode(this.context, { buffer });
    source.connect(this.outlet);
    const ended = new Promise((resolve) => source.addEventListener("ended", resolve));
    const began = performance.now();
    source.start();
    await ended;
    return began;
  },
};

navigator.mediaDevices.getUserMedia = async () => {
  speech.context ??= new AudioContext({ sampleRate: 48000 });
  speech.outlet = speech.context.createMediaStreamDestination();
  return speech.outlet.stream;
};
