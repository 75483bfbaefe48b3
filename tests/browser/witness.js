// Watches, inside the page, what was really received: pictures, sound, and when things were pressed.
// The page itself knows nothing of it.

window.witness = {
  shots: [], // per presented picture: {at, media, presented, move}, move = mean change of the mouth region, 0-255
  sound: [], // every few milliseconds: [at, level], level = RMS, 0-1
  pressed: null, // when the button that interrupts was pressed

  /** Waits for what `condition` says; the page's policy forbids Playwright's own way, which evaluates strings. */
  async until(condition) {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
  },

  state: (name) => witness.until(() => document.body.dataset.state === name),

  /** Waits until `seconds` more of the picture's own time have passed. */
  async played(seconds) {
    const video = document.querySelector("video");
    const end = video.currentTime + seconds;
    await this.until(() => video.currentTime >= end);
  },

  heardSomething(since) {
    return this.sound.some(([at, level]) => at > since && level > 0.02);
  },

  /** `mouth`: [left, top, width, height] as parts of the picture. */
  watch(mouth) {
    const video = document.querySelector("video");
    const audio = new AudioContext();
    const analyser = new AnalyserNode(audio, { fftSize: 512 });
    audio.createMediaStreamSource(video.srcObject).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      this.sound.push([performance.now(), Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length)]);
    }, 5);

    const canvas = new OffscreenCanvas(64, 40);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    let last = null;
    const see = (now, { mediaTime, presentedFrames }) => {
      const [x, y, w, h] = mouth;
      context.drawImage(
        video, x * video.videoWidth, y * video.videoHeight, w * video.videoWidth, h * video.videoHeight, 0, 0, 64, 40,
      );
      const pixels = context.getImageData(0, 0, 64, 40).data;
      let move = 0;
      if (last) for (let i = 0; i < pixels.length; i += 4) move += Math.abs(pixels[i + 1] - last[i + 1]);
      last = pixels;
      this.shots.push({ at: performance.now(), media: mediaTime, presented: presentedFrames, move: move / (64 * 40) });
      video.requestVideoFrameCallback(see);
    };
    video.requestVideoFrameCallback(see);
    document.querySelector("#interrupt, #button").addEventListener("click", () => (this.pressed = performance.now()), true);
  },
};
