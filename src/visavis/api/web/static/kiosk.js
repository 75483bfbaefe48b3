// The touch-screen page: what is seen and touched. `visit.js` has the conversation, `patience.js` ends it.

import { Captions } from "./captions.js";
import { withKey } from "./key.js";
import { Patience } from "./patience.js";
import { call } from "./session.js";
import { textsFor } from "./texts.js";
import { Visit } from "./visit.js";

const $ = (id) => document.getElementById(id);
const body = document.body;
const button = $("button");
const video = $("video");
const options = new URLSearchParams(location.search);
const { language, texts } = textsFor([options.get("lang") ?? "", ...navigator.languages]);

const RESET_S = { least: 5, usual: 60, most: 3600 };
const OURS_S = 60; // on top, while it is the visitor who waits: a slow model is no reason to hang up
const UTTERANCE_S = 10; // an utterance that has begun may take this long to become words
const REBOUND_MS = 500; // a second touch this soon is the same finger
const METER_MS = 66;
const LOOK_MS = { well: 30_000, ill: 3_000 }; // how often it is looked whether the server is there, while nobody talks

const captions = new Captions({ said: $("said"), words: $("words"), text: $("caption") });
const patience = new Patience(resetAfter(), wait);

let choice = null; // what a session is made of
let version = null; // the server's
let visit = null; // null: nobody talks
let linked = false;
let turn = ""; // "", thinking or speaking
let muted = false;
let notice = ""; // a key of the texts
let spared = false; // this touch has answered the question whether anybody is there
let touched = -REBOUND_MS;
let metering = 0;

function resetAfter() {
  const asked = Number.parseFloat(options.get("reset"));
  return Number.isFinite(asked) ? Math.min(Math.max(asked, RESET_S.least), RESET_S.most) : RESET_S.usual;
}

// ---- what is shown

function state() {
  if (!visit) return "attract";
  if (!linked) return "connecting";
  return turn || (muted ? "muted" : "listening");
}

function show() {
  const now = state();
  body.dataset.state = now;
  $("label").textContent = texts[now];
  $("title").textContent = now === "attract" ? texts.title : texts.question;
  $("invitation").textContent = now === "attract" ? texts.invitation : "";
  $("prompt").hidden = !["attract", "listening", "muted"].includes(now) || !captions.empty || Boolean(notice);
  say(texts[notice] ?? "");
  meter(now === "listening");
}

function say(text) {
  // Only changes are told to those who can't see.
  if ($("notice").textContent !== text) $("notice").textContent = text;
  $("notice").hidden = !text;
}

function note(key) {
  notice = key;
  show();
}

function meter(on) {
  if (on && !metering) {
    metering = setInterval(() => button.style.setProperty("--level", visit.level.toFixed(2)), METER_MS);
  } else if (!on) {
    clearInterval(metering);
    metering = 0;
    button.style.setProperty("--level", 0);
  }
}

/** `left`: seconds until it is over; null when somebody is there. */
function wait(left) {
  body.classList.toggle("waiting", left !== null);
  body.style.setProperty("--left", left ?? 0);
  if (left === 0) leave();
  else if (left !== null) say(texts.still);
  else show();
}

// ---- a visit

function begin() {
  visit = new Visit(choice);
  follow(visit);
  video.srcObject = new MediaStream();
  // Inside the touch, so that the browser lets us be heard when the sound comes.
  video.play().catch(() => {});
  notice = "";
  patience.start();
  keep();
  show();
  visit.run();
}

/** Nothing of the visitor is left: neither here nor on the server. */
function leave() {
  const former = visit;
  visit = null;
  former?.close();
  patience.stop();
  linked = muted = spared = false;
  turn = notice = "";
  captions.clear();
  unveil(false);
  video.srcObject = null;
  show();
}

function follow(current) {
  const on = (name, act) =>
    current.addEventListener(name, ({ detail }) => {
      if (visit === current) act(detail);
    });
  on("link", link);
  on("media", (media) => {
    video.srcObject = media;
    video.play().catch((error) => console.warn(error.message));
  });
  on("obstacle", (key) => {
    linked = false;
    note(key);
  });
  on("status", ({ stage }) => {
    if (stage === "listening") keep(UTTERANCE_S);
  });
  on("transcript", heard);
  on("speech.started", () => {
    captions.hush();
    notice = "";
    answer("thinking");
  });
  on("speech.media_started", () => answer("speaking"));
  on("subtitle.chunk", ({ text }) => {
    captions.add(text);
    answer("speaking");
  });
  on("speech.ended", () => answer(""));
  on("trouble", (message) => {
    console.warn(message);
    note("failed");
  });
  on("warning", ({ message }) => console.warn(message));
}

function link(now) {
  const before = linked;
  linked = now === "connected";
  if (linked) {
    visit.mute(muted);
    notice = "";
  } else {
    // A new session knows nothing of what the former one was saying.
    turn = "";
  }
  if (linked !== before) keep();
  show();
}

function heard({ text, is_final }) {
  if (!text) return;
  if (!turn) captions.hush();
  captions.quote(text, is_final);
  notice = "";
  keep();
  show();
}

function answer(stage) {
  turn = stage;
  keep();
  show();
}

/** A sign of life, after which it may be quiet for `seconds` more than otherwise. */
function keep(seconds = turn || !linked ? OURS_S : 0) {
  patience.keep(seconds);
}

/** Between the still picture and the living one. */
function unveil(living) {
  body.classList.toggle("living", living);
}

// ---- touch

function press() {
  if (spared) {
    spared = false;
    return;
  }
  const now = performance.now();
  if (now - touched < REBOUND_MS) return;
  touched = now;
  const act = { attract: () => choice && begin(), connecting: () => visit.hurry(), listening: mute, muted: mute };
  (act[state()] ?? interrupt)();
}

/** In the middle of a sentence this ends it: then it is answered. */
function mute() {
  muted = !muted;
  visit.mute(muted);
  show();
}

function interrupt() {
  muted = false;
  visit.mute(false);
  visit.interrupt();
}

function alive() {
  spared = patience.hinting;
  if (patience.running) keep();
}

function key(event) {
  if (event.repeat) return event.preventDefault();
  alive();
  if (!["Enter", " "].includes(event.key) || event.target === button) return;
  event.preventDefault();
  press();
}

function guard() {
  for (const name of ["contextmenu", "selectstart", "dragstart", "gesturestart", "dblclick"]) {
    document.addEventListener(name, (event) => event.preventDefault());
  }
  for (const name of ["wheel", "touchmove"]) {
    document.addEventListener(name, (event) => event.preventDefault(), { passive: false });
  }
  document.addEventListener("pointerdown", alive);
  document.addEventListener("keydown", key);
  button.addEventListener("click", press);
}

// ---- all day

async function stayAwake() {
  if (document.visibilityState !== "visible") return;
  // The system may refuse, on a low battery: then it decides.
  await navigator.wakeLock?.request("screen").catch(() => {});
}

/** While nobody talks: is the server there, and still the one this page came from? */
async function look() {
  let well = true;
  if (!visit) {
    try {
      const health = await call("GET", "health");
      if (version && version !== health.version) return location.reload();
      version = health.version;
      choice ??= await furnish();
    } catch (error) {
      console.warn(error.message);
      well = false;
    }
    if (!visit) note(well ? "" : "away");
  }
  setTimeout(look, well ? LOOK_MS.well : LOOK_MS.ill);
}

/** What every session is made of; its avatar's picture is put on the screen. */
async function furnish() {
  const persona = options.get("persona") ?? "";
  let face = options.get("avatar") ?? "";
  if (persona && !face) face = await faceOf(persona);
  if (!face) face = (await call("GET", "avatars"))[0]?.id;
  if (!face) throw new Error("There are no avatars.");
  $("still").src = withKey(`avatars/${encodeURIComponent(face)}/preview`);
  // An empty model is the persona's or the configured one.
  return { avatar_id: face, model: "", persona_id: persona || null };
}

/** A persona's avatar: only a session tells. Nobody views this one, so it greets nobody. */
async function faceOf(persona) {
  try {
    const { session_id } = await call("POST", "sessions", { avatar_id: "", model: "", persona_id: persona });
    const { avatar_id } = await call("GET", `sessions/${session_id}`);
    await call("DELETE", `sessions/${session_id}`);
    return avatar_id;
  } catch (error) {
    if (error.status !== 400) throw error;
    console.warn(`The persona ${persona} is not known, or names no avatar: ${error.message}`);
    return "";
  }
}

document.documentElement.lang = language;
$("you").textContent = texts.you;
$("still").addEventListener("load", () => ($("still").hidden = false));
video.addEventListener("playing", () => unveil(Boolean(visit)));
document.addEventListener("visibilitychange", stayAwake);
addEventListener("pagehide", leave);
addEventListener("resize", () => captions.fit());
guard();
show();
stayAwake();
look();
