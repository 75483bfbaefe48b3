// A page that looks at a LiveKit room, and sends the avatar something to say as the browser SDK does: one stream
// that is never closed, from a participant that takes no calls.

window.watch = async (url, token) => {
  const room = new LivekitClient.Room({ autoSubscribe: true });
  const seen = { room, video: null, loudest: 0, loudSeconds: 0 };
  window.seen = seen;
  const context = new AudioContext();
  await context.resume();
  room.on(LivekitClient.RoomEvent.TrackSubscribed, (track) => {
    const element = track.attach();
    document.body.append(element);
    if (track.kind === "video") {
      element.style.width = "512px";
      seen.video = element;
      return;
    }
    const analyser = context.createAnalyser();
    analyser.fftSize = 2048;
    context.createMediaStreamSource(new MediaStream([track.mediaStreamTrack])).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      const loudest = samples.reduce((most, each) => Math.max(most, Math.abs(each)), 0);
      seen.loudest = Math.max(seen.loudest, loudest);
      if (loudest > 0.05) seen.loudSeconds += 0.02;
    }, 20);
  });
  await room.connect(url, token);
};

// What the video shows now: its time, its size, its mean brightness, and a print of its pixels.
window.look = () => {
  const video = window.seen.video;
  if (!video || !video.videoWidth) return null;
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  const painter = canvas.getContext("2d");
  painter.drawImage(video, 0, 0);
  const pixels = painter.getImageData(0, 0, canvas.width, canvas.height).data;
  let sum = 0;
  let print = 0;
  for (let at = 0; at < pixels.length; at += 4) {
    sum += pixels[at] + pixels[at + 1] + pixels[at + 2];
    print = (print * 31 + pixels[at + 1]) | 0;
  }
  const bright = sum / (pixels.length / 4) / 3;
  return { time: video.currentTime, width: canvas.width, height: canvas.height, bright, print };
};

window.say = async (identity, base64) => {
  const bytes = Uint8Array.from(atob(base64), (each) => each.charCodeAt(0));
  const writer = await window.seen.room.localParticipant.streamBytes({
    topic: "lk.audio_stream",
    mimeType: "audio/pcm",
    destinationIdentities: [identity],
    attributes: { sample_rate: "16000", num_channels: "1" },
  });
  for (let at = 0; at < bytes.length; at += 3200) await writer.write(bytes.slice(at, at + 3200));
};
