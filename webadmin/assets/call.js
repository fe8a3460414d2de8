"use strict";

const EVERY_MS = 1000;
const time = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "short", timeStyle: "medium" });
const SVG = "http://www.w3.org/2000/svg";
let legs = [];

/* Asks for the call, or has something done with it. */
async function order(path, body) {
  const post = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const answer = await api(`calls/${encodeURIComponent(words.call)}${path}`, body === undefined ? {} : post);
  return answer.json();
}

function hears(leg) {
  const told = leg.hears.map((place) => String(place));
  if (leg.in_room) told.push(words.room);
  if (leg.on_hold) told.push(words.hold);
  if (leg.wants_help) told.push(words.help);
  if (leg.speaking) told.push(words.speaking);
  if (leg.deaf) told.push(words.deaf);
  return told.join(", ") || words.none;
}

function shape(name, attributes, text) {
  const element = document.createElementNS(SVG, name);
  Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, value));
  if (text) element.textContent = text;
  return element;
}

/* Legs that are up stand in a row; an arc leads from who speaks to who hears. */
function draw(all) {
  const up = all.map((leg, place) => ({ leg, place })).filter(({ leg }) => leg.state !== "ended");
  field("picture").toggleAttribute("hidden", up.length === 0);
  const step = 480 / (up.length + 1);
  const at = new Map(up.map(({ place }, index) => [place, step * (index + 1)]));
  const drawn = [];
  for (const { leg, place } of up) {
    const x = at.get(place);
    for (const source of leg.hears.filter((from) => at.has(from))) {
      const from = at.get(source);
      const lift = from === x ? 24 : from < x ? 20 : 100;
      const path = from === x ? `M${x - 8} 46 C${x - 40} 4 ${x + 40} 4 ${x + 8} 46` : `M${from} 60 Q${(from + x) / 2} ${lift} ${x} 60`;
      drawn.push(shape("path", { d: path, class: "hears" }));
      drawn.push(shape("circle", { cx: x + (from < x ? -14 : 14), cy: from === x ? 44 : 60 + (lift - 60) * 0.12, r: 3, class: "ear" }));
    }
    if (leg.in_room) drawn.push(shape("path", { d: `M${x} 60 L240 12`, class: "hears" }));
    drawn.push(shape("circle", { cx: x, cy: 60, r: 12, class: leg.muted ? "end muted" : "end" }));
    drawn.push(shape("text", { x, y: 64, class: "place" }, String(place)));
    drawn.push(shape("text", { x, y: 108, class: "name" }, leg.endpoint));
  }
  if (up.some(({ leg }) => leg.in_room)) {
    drawn.push(shape("rect", { x: 190, y: 2, width: 100, height: 20, rx: 6, class: "end" }));
    drawn.push(shape("text", { x: 240, y: 16, class: "place" }, words.room));
  }
  field("drawing").replaceChildren(...drawn);
}

function choices(all) {
  const open = all.map((leg, place) => ({ leg, place })).filter(({ leg }) => leg.state !== "ended");
  const key = JSON.stringify(open.map(({ leg, place }) => [place, leg.endpoint]));
  for (const select of document.querySelectorAll("select[data-legs]")) {
    if (select.dataset.key === key) continue;
    select.dataset.key = key;
    const made = open.map(({ leg, place }) => new Option(`${place}: ${leg.endpoint}`, String(place)));
    if (select.dataset.legs === "all") made.unshift(new Option(words.all, ""));
    select.replaceChildren(...made);
    if (select.id === "voice-leg") voiceOf();
  }
}

function voiceOf() {
  const leg = legs[Number(field("voice-leg").value)];
  if (!leg) return;
  field("muted").checked = leg.muted;
  field("deaf").checked = leg.deaf;
  field("gain").value = String(leg.gain_db);
}

function show(call) {
  const live = call.state !== "ended";
  field("state").textContent = live ? call.state : words.over;
  field("caller").textContent = `${call.caller_name ? `${call.caller_name} ` : ""}${call.caller} (${call.from})`;
  field("dialled").textContent = call.dialled;
  field("to").textContent = call.to;
  field("started").textContent = time.format(new Date(call.started_at));
  const since = call.answered_at ? (Date.now() - new Date(call.answered_at)) / 1000 : 0;
  field("lasted").textContent = clock(Math.max(0, Math.round(live ? since : call.billed_secs || 0)));
  if (field("actions")) field("actions").hidden = !live;
  fill("quality", call.legs.map(qualityRow));
  if (!live) {
    fill("legs", call.legs.map((leg, place) => [cell(place, "figure"), cell(leg.endpoint), cell(words.over), cell(""), cell(""), cell(""), cell("")]));
    field("picture").toggleAttribute("hidden", true);
    return false;
  }
  legs = call.legs;
  fill("legs", legs.map((leg, place) => [
    cell(place, "figure"), cell(leg.endpoint), cell(leg.state, leg.silent ? "bad" : ""),
    cell(leg.secured ? `${leg.codec} (${leg.secured})` : leg.codec), cell(leg.flow), cell(hears(leg)),
    cell(leg.muted ? words.muted : leg.gain_db, "figure"),
  ]));
  if (field("doing")) showDoing(call.doing);
  draw(legs);
  choices(legs);
  const name = (what) => words[what.replace(/_(.)/g, (_, letter) => letter.toUpperCase())] || what;
  fill("happenings", [...call.happenings].reverse().map((it) => [
    cell(time.format(new Date(it.at))), cell(it.leg, "figure"), cell(name(it.what)), cell(it.detail),
  ]));
  return true;
}

function wire(id, path, body) {
  const form = field(id);
  if (!form) return;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      await order(path, body());
      say("", words.done);
    } catch (error) {
      say(error.message, "");
    }
  });
}

function chosen(id) {
  const value = field(id).value;
  return value === "" ? null : Number(value);
}

wire("play", "/play", () => ({ leg: chosen("play-leg"), prompt: field("prompt").value, language: field("language").value }));
wire("digits", "/digits", () => ({ leg: chosen("digits-leg"), digits: field("keys").value }));
wire("voice", "/voice", () => ({ leg: chosen("voice-leg"), muted: field("muted").checked, deaf: field("deaf").checked, gain_db: Number(field("gain").value) }));
wire("conference", "/conference", () => ({ name: field("room").value }));
/* The button that was pressed says what is done with the leg that is chosen. */
function moves(event) {
  event.preventDefault();
  const path = event.submitter?.dataset.path || "/transfer";
  const leg = chosen("moves-leg");
  const to = field("moves-to").value;
  const asks = path === "/transfer" || path === "/consult";
  const asked = path === "drop" ? order(`/legs/${leg}/drop`, {}) : order(path, asks ? { leg, to } : { leg });
  asked.then(() => say("", words.done), (error) => say(error.message, ""));
}

function showDoing(doing) {
  const told = doing.what && words[doing.what].replace("#", doing.by ?? "").replace("%", doing.to);
  const holds = doing.holder !== null && words.holder.replace("#", doing.holder);
  field("doing").textContent = [told, holds].filter(Boolean).join("; ");
  field("consulted").hidden = doing.what !== "consultation";
}

if (field("actions")) {
  field("moves").addEventListener("submit", moves);
  field("voice-leg").addEventListener("change", voiceOf);
  field("stop").addEventListener("click", () => order("/stop", { leg: chosen("play-leg") }).then(() => say("", words.done), (error) => say(error.message, "")));
  field("hangup").addEventListener("click", () => {
    if (confirm(words.sure)) order("/hangup", {}).then(() => say("", words.done), (error) => say(error.message, ""));
  });
}

/* Supervisors of this call, or the one whose own call it is. */
async function supervisors() {
  const listed = (await (await api("supervisions")).json()).items.filter((it) => it.call === words.call || it.id === words.call);
  field("supervision").hidden = listed.length === 0;
  const act = (it, body) => async () => {
    try {
      await api(`supervisions/${encodeURIComponent(it.id)}`, body
        ? { method: "PATCH", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }
        : { method: "DELETE" });
      say("", words.done);
    } catch (error) {
      say(error.message, "");
    }
  };
  const button = (it, label, body) => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = label;
    made.addEventListener("click", act(it, body));
    return made;
  };
  fill("supervisors", listed.map((it) => [
    cell(it.station), cell(it.agent), cell(words[it.mode]), cell(it.follow ? words.yes : words.no),
    cell([
      button(it, words.listen, { mode: "listen" }), button(it, words.whisper, { mode: "whisper" }),
      button(it, words.barge, { mode: "barge" }), button(it, words.takeOver, { mode: "take_over" }),
      button(it, words.follow, { follow: !it.follow }), button(it, words.leave, null),
    ].flatMap((one) => [one, " "])),
  ]));
}

async function update() {
  let again = true;
  try {
    again = show(await order(""));
    await supervisors();
  } catch (error) {
    say(error.message || words.lost, "");
  }
  if (again) setTimeout(update, EVERY_MS);
}

update();
