// The page: what is seen and pressed. `session.js` talks to the server, `microphone.js` to the microphone.

import { withKey } from "./key.js";
import { offerMaking } from "./maker.js";
import { Microphone } from "./microphone.js";
import { Session, call } from "./session.js";

const $ = (id) => document.getElementById(id);
const body = document.body;
const STATES = {
  idle: "Not connected",
  connecting: "Connecting…",
  ready: "Ready",
  thinking: "Thinking…",
  speaking: "Speaking",
};
const FAREWELLS = {
  closed: "",
  idle: "The session ended because nothing was said for a while.",
  peer_lost: "The connection was lost for too long, so the session has ended.",
  worker_lost: "The session was lost on the server. Start a new one.",
  shutdown: "The server is shutting down.",
  failed: "The session failed. Start a new one; the server’s log tells more.",
};
const QUALITY = { pocketsphinx: "Demo recogniser: English, quiet room" };
const FADE_MS = 1_800; // captions stay this long after the last word

let session = null;
let busy = false; // a turn is in flight
let fading = 0;
let microphone = null;

function show(state, words = STATES[state]) {
  body.dataset.state = state;
  if (state === "ready" && microphone) words = listening();
  $("status-text").textContent = words;
  $("interrupt").disabled = !busy;
}

function complain(text) {
  $("problem").textContent = text;
  $("problem").hidden = !text;
}

// ---- lobby

function card(avatar, checked) {
  const label = document.createElement("label");
  label.className = "card";
  const radio = Object.assign(document.createElement("input"), { type: "radio", name: "avatar", value: avatar.id, checked });
  const picture = Object.assign(document.createElement("img"), {
    src: withKey(`avatars/${encodeURIComponent(avatar.id)}/preview`), alt: "", width: 160, height: 160, decoding: "async",
  });
  picture.addEventListener("error", () => label.classList.add("faceless"));
  const name = Object.assign(document.createElement("span"), { textContent: avatar.name || avatar.id });
  radio.dataset.ratio = `${avatar.width} / ${avatar.height}`;
  label.append(radio, picture, name);
  return label;
}

function fill(select, names, chosen) {
  select.replaceChildren(...names.map((name) => new Option(name, name, false, name === chosen)));
  select.parentElement.hidden = names.length < 2;
}

async function load() {
  try {
    const [avatars, models, health] = await Promise.all([call("GET", "avatars"), call("GET", "models"), call("GET", "health")]);
    $("cards").replaceChildren(...avatars.map((avatar, place) => card(avatar, place === 0)));
    if (avatars.length) offerMaking($("cards"), avatars[0].id, (avatar) => $("add").before(card(avatar, true)));
    $("avatars").hidden = avatars.length === 0;
    $("no-avatars").hidden = avatars.length > 0;
    fill($("model"), models.statuses.filter((model) => model.connected).map((model) => model.id), models.default_model);
    fill($("voice"), health.tts_enabled_providers, health.tts_provider);
    $("microphone").hidden = !health.stt_provider;
    $("quality").textContent = QUALITY[health.stt_provider] ?? "";
    $("start").disabled = avatars.length === 0;
  } catch (error) {
    complain(error.message);
  }
}

async function start(event) {
  event.preventDefault();
  const avatar = document.querySelector('input[name="avatar"]:checked');
  const choice = { avatar_id: avatar.value, model: $("model").value || "portrait", tts_provider: $("voice").value || null };
  complain("");
  $("start").disabled = true;
  show("connecting");
  const video = $("video");
  video.style.aspectRatio = avatar.dataset.ratio;
  video.poster = avatar.parentElement.querySelector("img").src;
  video.srcObject = new MediaStream();
  // Inside the tap, so that the browser lets us be heard when the sound comes.
  video.play().catch(() => {});
  try {
    session = await Session.open(choice);
    follow(session);
    enter("live");
    await session.connect();
  } catch (error) {
    session?.end();
    leave(error.message);
  }
}

// ---- conversation

function enter(view) {
  body.dataset.view = view;
  $("lobby").hidden = view !== "lobby";
  $("live").hidden = view !== "live";
  (view === "live" ? $("text") : $("start")).focus();
}

function leave(words) {
  session = null;
  busy = false;
  hush();
  $("video").srcObject = null;
  $("start").disabled = false;
  $("unmute").hidden = true;
  caption("");
  quote("");
  enter("lobby");
  show("idle");
  complain(words);
}

function caption(text) {
  clearTimeout(fading);
  $("captions").classList.remove("faded");
  $("caption").textContent = text;
}

function fade(after) {
  clearTimeout(fading);
  fading = setTimeout(() => $("captions").classList.add("faded"), after);
}

function follow(session) {
  const on = (name, act) => session.addEventListener(name, ({ detail }) => act(detail));
  on("media", (media) => {
    $("video").srcObject = media;
    heard();
  });
  on("link", (link) => {
    if (link === "connected") {
      if (body.dataset.state === "connecting") complain("");
      show(busy ? "speaking" : "ready");
    } else {
      show("connecting", link === "lost" ? "Reconnecting…" : undefined);
    }
    $("microphone").disabled = link !== "connected";
  });
  on("speech.started", () => {
    busy = true;
    caption("");
    show(body.dataset.state);
  });
  on("status", ({ stage }) => {
    body.classList.toggle("heard", stage === "listening");
    if (stage === "thinking") show("thinking");
  });
  on("transcript", ({ text, is_final }) => quote(text, is_final));
  on("speech.media_started", () => show("speaking"));
  on("subtitle.chunk", ({ text }) => {
    clearTimeout(fading);
    $("caption").append(Object.assign(document.createElement("span"), { textContent: text }));
  });
  on("speech.ended", ({ reason }) => {
    busy = false;
    show("ready");
    fade(reason === "completed" ? FADE_MS : 0);
    $("said").classList.add("faded");
  });
  on("trouble", complain);
  on("warning", ({ message }) => complain(message));
  on("gone", (reason) => leave(FAREWELLS[reason] ?? FAREWELLS.failed));
}

/** What the user said, as far as it was understood. */
function quote(text, final = false) {
  $("words").textContent = text;
  $("said").hidden = !text;
  $("said").className = final ? "final" : "";
}

async function heard() {
  try {
    await $("video").play();
    $("unmute").hidden = true;
  } catch (error) {
    $("unmute").hidden = error.name !== "NotAllowedError";
  }
}

async function send(event) {
  event.preventDefault();
  const text = $("text").value.trim();
  if (!text || !session) return;
  complain("");
  const ask = document.querySelector('input[name="mode"]:checked').value === "ask";
  try {
    await (ask ? session.ask(text, busy) : session.say(text));
    $("text").value = "";
    fit();
  } catch (error) {
    complain(error.message);
  }
}

async function interrupt() {
  try {
    if (busy) await session?.interrupt();
  } catch (error) {
    complain(error.message);
  }
}

// ---- microphone

function listening() {
  return $("by-hand").checked ? "Hold to talk" : "Listening";
}

async function toggle() {
  $("microphone").disabled = true;
  complain("");
  try {
    await (microphone ? deafen() : listen());
  } catch (error) {
    hush();
    complain(error.message);
  }
  $("microphone").disabled = false;
  if (body.dataset.state === "ready") show("ready");
}

async function listen() {
  const conversation = session;
  const opened = await Microphone.open();
  if (session !== conversation) return opened.close();
  microphone = opened;
  microphone.track.addEventListener("ended", () => {
    if (microphone === opened) toggle().then(() => complain("The microphone was unplugged or taken away."));
  });
  $("microphone").setAttribute("aria-pressed", "true");
  $("ear").hidden = false;
  byHand();
  meter();
  if (await session.listenTo(opened.track)) return;
  await deafen();
  complain("The server does not listen: it has no recogniser.");
}

async function deafen() {
  hush();
  await session?.listenTo(null);
}

/** Let go of the microphone, on this side. */
function hush() {
  microphone?.close();
  microphone = null;
  body.classList.remove("heard");
  $("microphone").setAttribute("aria-pressed", "false");
  $("ear").hidden = true;
}

function meter() {
  if (!microphone) return;
  body.style.setProperty("--level", microphone.track.enabled ? microphone.level.toFixed(2) : 0);
  requestAnimationFrame(meter);
}

function byHand() {
  $("hold").hidden = !$("by-hand").checked;
  hold(false);
  if (body.dataset.state === "ready") show("ready");
}

function hold(held) {
  microphone?.mute($("by-hand").checked && !held);
  $("hold").classList.toggle("held", held);
}

/** Whether a press of the space bar means "I want to talk": not while it types or presses something else. */
function talks(event) {
  const elsewhere = event.target.closest("textarea, input, select, a, button");
  return event.key === " " && microphone && $("by-hand").checked && (!elsewhere || elsewhere === $("hold"));
}

function fit() {
  const text = $("text");
  text.style.height = "auto";
  text.style.height = `${Math.min(text.scrollHeight, 160)}px`;
}

$("lobby").addEventListener("submit", start);
$("composer").addEventListener("submit", send);
$("interrupt").addEventListener("click", interrupt);
$("end").addEventListener("click", () => session?.end());
$("unmute").addEventListener("click", heard);
$("microphone").addEventListener("click", toggle);
$("by-hand").addEventListener("change", () => {
  byHand();
  if ($("by-hand").checked) $("hold").focus();
});
$("hold").addEventListener("pointerdown", (event) => {
  $("hold").setPointerCapture(event.pointerId);
  hold(true);
});
for (const name of ["lostpointercapture", "blur"]) $("hold").addEventListener(name, () => hold(false));
for (const [name, held] of [["keydown", true], ["keyup", false]]) {
  document.addEventListener(name, (event) => {
    if (!talks(event)) return;
    event.preventDefault();
    hold(held);
  });
}
$("text").addEventListener("input", fit);
$("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    $("composer").requestSubmit();
  }
});
document.addEventListener("keydown", (event) => event.key === "Escape" && interrupt());
addEventListener("pagehide", () => session?.end());
load();
