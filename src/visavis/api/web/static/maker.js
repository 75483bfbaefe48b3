// An avatar of a photo: choose it, see where its face was found, move what is wrong, make it.

import { call } from "./session.js";

const SVG = "http://www.w3.org/2000/svg";
const STEP = 0.004; // of what is shown, for each press of an arrow key
const SHOWN = 640; // pixels of the canvas
const LIPS = ["Left corner of the mouth", "", "Upper lip, left", "", "Upper lip, middle", "", "Upper lip, right", "",
  "Right corner of the mouth", "", "Lower lip, right", "", "Lower lip, middle", "", "Lower lip, left", ""];
const $ = (id) => document.getElementById(id);

let face = null; // the landmarks, as a manifest has them; null without a face
let changed = new Set(); // the parts of them that were moved
let size = [1, 1]; // of the photo, in pixels
let view = [0, 0, 1, 1]; // left, top, width and height of what is shown of it
let source = null; // { field, blob, name } of what an avatar is to be made of
let asked = 0; // counts questions to the server: a late answer to an earlier one is not shown
let finish = () => {};
let base = "";

/** Put the way in behind the cards; `made` is called with a new avatar. */
export function offerMaking(cards, avatar_id, made) {
  base = avatar_id;
  finish = made;
  $("add").hidden = false;
  cards.append($("add"));
}

function say(text, wrong = false) {
  $("maker-word").textContent = text;
  $("maker-word").className = wrong ? "wrong" : "";
}

function ready() {
  $("make").disabled = !(source && $("maker-name").value.trim() && $("maker-who").value.trim() && $("maker-agreed").checked);
}

async function choose(file) {
  if (!file) return;
  const question = (asked += 1);
  source = face = null;
  changed = new Set();
  draw();
  ready();
  $("maker-name").value ||= file.name.replace(/\.[^.]*$/, "").slice(0, 60);
  if (!$("maker").open) $("maker").showModal();
  if (file.type.startsWith("video/")) {
    blank();
    source = { field: "video", blob: file, name: file.name };
    say("A video: its face is found when the avatar is made. That takes up to a minute.");
    return ready();
  }
  $("maker").setAttribute("aria-busy", "true");
  say("Looking for the face…");
  const form = new FormData();
  form.append("image", file);
  try {
    const found = await call("POST", "avatars/analyze", undefined, { body: form });
    if (question !== asked) return;
    const bytes = Uint8Array.from(atob(found.image), (char) => char.charCodeAt(0));
    const blob = new Blob([bytes], { type: "image/png" });
    await show(blob, found);
    if (question !== asked) return;
    face = found.animation;
    if (face) {
      source = { field: "image", blob, name: "photo.png" };
      say("Is each point where it belongs? Drag it, or move it with the arrow keys.");
    } else {
      say(sentence(found.problem), true);
    }
  } catch (error) {
    if (question !== asked) return;
    blank();
    say(sentence(error.message.replace(/^image: /, "")), true);
  } finally {
    if (question === asked) $("maker").removeAttribute("aria-busy");
  }
  draw();
  ready();
}

const sentence = (text) => `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;

function blank() {
  $("maker-stage").hidden = true;
}

/** Show the photo: the face, large enough to move its points, or all of it if there is none. */
async function show(blob, found) {
  size = [found.width, found.height];
  view = found.animation ? closeUp(found.animation) : [0, 0, ...size];
  const canvas = $("maker-photo");
  const scale = Math.max(1, SHOWN / Math.max(view[2], view[3]));
  canvas.width = Math.round(view[2] * scale);
  canvas.height = Math.round(view[3] * scale);
  const bitmap = await createImageBitmap(blob);
  canvas.getContext("2d").drawImage(bitmap, ...view, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  $("maker-points").setAttribute("viewBox", view.join(" "));
  $("maker-stage").hidden = false;
}

function closeUp({ eye_centers: [[x0, y0], [x1, y1]] }) {
  const apart = Math.hypot((x1 - x0) * size[0], (y1 - y0) * size[1]);
  const [wide, tall] = [Math.min(4.4 * apart, size[0]), Math.min(4.4 * apart, size[1])];
  const left = ((x0 + x1) / 2) * size[0] - wide / 2;
  const top = ((y0 + y1) / 2) * size[1] - tall * 0.38;
  return [Math.max(0, Math.min(left, size[0] - wide)), Math.max(0, Math.min(top, size[1] - tall)), wide, tall];
}

function make(name, attributes, parent) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  parent.append(element);
  return element;
}

/** Everything that can be moved: its label, where it is, and what moves with it. */
function handles() {
  const lips = LIPS.map((label, place) => ({
    label,
    at: () => face.outer_lip[place],
    move(dx, dy) {
      // Between two points that can be moved lies one that goes half of the way.
      for (const [near, part] of [[place, 1], [place + 1, 0.5], [place + 15, 0.5]]) shift(face.outer_lip[near % 16], dx * part, dy * part);
      changed.add("outer_lip");
    },
  })).filter(({ label }) => label);
  const eyes = ["Left eye", "Right eye"].map((label, place) => ({
    label,
    at: () => face.eye_centers[place],
    move(dx, dy) {
      shift(face.eye_centers[place], dx, dy);
      for (const point of face.eye_outlines[place]) shift(point, dx, dy);
      changed.add("eye_centers").add("eye_outlines");
    },
  }));
  const chin = {
    label: "Chin",
    at: () => face.chin,
    move(dx, dy) {
      shift(face.chin, dx, dy);
      changed.add("chin");
    },
  };
  return [...lips, ...eyes, chin];
}

function shift(point, dx, dy) {
  point[0] = Math.min(1, Math.max(0, point[0] + dx));
  point[1] = Math.min(1, Math.max(0, point[1] + dy));
}

function draw() {
  const area = $("maker-points");
  area.replaceChildren();
  if (!face) return;
  const unit = Math.max(view[2], view[3]) / 100;
  const lines = [["lips", () => face.outer_lip], ["eye", () => face.eye_outlines[0]], ["eye", () => face.eye_outlines[1]]]
    .map(([name, points]) => [make("polygon", { class: name }, area), points]);
  const dots = handles().map((handle) => {
    const group = make("g", { tabindex: 0, role: "button", "aria-label": handle.label, "aria-describedby": "maker-keys" }, area);
    make("title", {}, group).textContent = handle.label;
    const shapes = [make("circle", { class: "grip", r: unit * 2.6 }, group), make("circle", { class: "dot", r: unit * 0.85 }, group)];
    grip(group, handle, area);
    return [handle, shapes];
  });
  place = () => {
    for (const [line, points] of lines) line.setAttribute("points", points().map(([x, y]) => `${x * size[0]},${y * size[1]}`).join(" "));
    for (const [handle, shapes] of dots) {
      const [x, y] = handle.at();
      for (const shape of shapes) {
        shape.setAttribute("cx", x * size[0]);
        shape.setAttribute("cy", y * size[1]);
      }
    }
  };
  place();
}

let place = () => {};

function grip(group, handle, area) {
  let last = null;
  const where = (event) => {
    const box = area.getBoundingClientRect();
    return [(event.clientX / box.width) * (view[2] / size[0]), (event.clientY / box.height) * (view[3] / size[1])];
  };
  group.addEventListener("pointerdown", (event) => {
    group.setPointerCapture(event.pointerId);
    group.focus();
    last = where(event);
    event.preventDefault();
  });
  group.addEventListener("pointermove", (event) => {
    if (!last) return;
    const now = where(event);
    handle.move(now[0] - last[0], now[1] - last[1]);
    last = now;
    place();
  });
  for (const name of ["lostpointercapture", "pointercancel"]) group.addEventListener(name, () => (last = null));
  group.addEventListener("keydown", (event) => {
    const [x, y] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] ?? [0, 0];
    if (!x && !y) return;
    event.preventDefault();
    const step = event.shiftKey ? STEP * 5 : STEP;
    handle.move((x * step * view[2]) / size[0], (y * step * view[3]) / size[1]);
    place();
  });
}

async function create(event) {
  event.preventDefault();
  const question = (asked += 1);
  const form = new FormData();
  form.append("name", $("maker-name").value.trim());
  form.append("base_avatar_id", base);
  form.append(source.field, source.blob, source.name);
  form.append("consent_by", $("maker-who").value.trim());
  form.append("consent_text", "portrait-1");
  if (changed.size) form.append("points", JSON.stringify(Object.fromEntries(Object.keys(face).filter((part) => Array.isArray(face[part]) && part in PARTS).map((part) => [part, face[part]]))));
  $("make").disabled = true;
  $("maker").setAttribute("aria-busy", "true");
  say("Making the avatar…");
  try {
    const avatar = await call("POST", "avatars/custom", undefined, { body: form });
    finish(avatar);
    if (question === asked) close();
  } catch (error) {
    if (question === asked) say(sentence(error.message.replace(/^(image|video|points): /, "")), true);
  } finally {
    if (question === asked) $("maker").removeAttribute("aria-busy");
    ready();
  }
}

const PARTS = { outer_lip: 1, eye_centers: 1, eye_outlines: 1, brows: 1, face_oval: 1, nose_tip: 1, chin: 1 };

function close() {
  asked += 1;
  $("maker").close();
}

$("add-file").addEventListener("change", ({ target }) => {
  $("maker-name").value = $("maker-who").value = "";
  $("maker-agreed").checked = false;
  choose(target.files[0]);
  target.value = "";
});
$("maker-other").addEventListener("click", () => $("add-file").click());
$("maker-form").addEventListener("submit", create);
$("maker-cancel").addEventListener("click", close);
for (const name of ["maker-name", "maker-who", "maker-agreed"]) $(name).addEventListener("input", ready);
$("maker").addEventListener("close", () => {
  asked += 1;
  $("maker").removeAttribute("aria-busy");
});
