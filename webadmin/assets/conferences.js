"use strict";

const EVERY_MS = 1000;
const time = new Intl.DateTimeFormat(document.documentElement.lang, { timeStyle: "medium" });
const manages = words.manages === "true";
let shown = "";

async function ask(method, path, body) {
  const request = { method, headers: { "Content-Type": "application/json" } };
  if (body !== undefined) request.body = JSON.stringify(body);
  try {
    await api(`conferences/${path}`, request);
    say("", words.done);
  } catch (error) {
    say(error.message, "");
  }
  update(false);
}

function button(text, about, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.setAttribute("aria-label", `${text}: ${about}`);
  made.dataset.key = `${text} ${about}`;
  made.addEventListener("click", act);
  return made;
}

function roomButtons(room) {
  if (!manages) return [];
  const path = `${encodeURIComponent(room.name)}/room`;
  const change = (what) => () => ask("PATCH", path, what);
  return [
    button(room.locked ? words.unlock : words.lock, room.name, change({ locked: !room.locked })),
    button(room.recorded ? words.stopRecord : words.record, room.name, change({ recorded: !room.recorded })),
    button(room.muted ? words.unmuteAll : words.muteAll, room.name, change({ muted: !room.muted })),
    button(words.end, room.name, () => { if (confirm(words.sure)) ask("DELETE", path); }),
  ];
}

function memberButtons(room, member) {
  if (!manages) return [];
  const path = `${encodeURIComponent(room.name)}/members/${encodeURIComponent(member.call)}`;
  const who = member.number || member.endpoint;
  const voice = { leg: member.leg, muted: !member.muted };
  return [
    button(member.muted ? words.unmute : words.mute, who, () => ask("PATCH", path, voice)),
    button(words.remove, who, () => ask("DELETE", path)),
  ];
}

function told(of, names) {
  return names.filter((name) => of[name]).map((name) => words[name]).join(", ");
}

function choices(rooms) {
  const select = field("room");
  if (!select) return;
  const names = rooms.map((room) => room.name);
  if (select.dataset.key === JSON.stringify(names)) return;
  select.dataset.key = JSON.stringify(names);
  select.replaceChildren(...names.map((name) => new Option(name, name)));
}

function show(rooms) {
  // What is the same is left alone, so that whoever goes by keyboard stays where he is.
  const now = JSON.stringify(rooms);
  if (now === shown) return;
  shown = now;
  const focused = document.activeElement && document.activeElement.dataset ? document.activeElement.dataset.key : "";
  fill("rooms", rooms.map((room) => [
    cell(room.name), cell(room.members.length, "figure"), cell(told(room, ["locked", "recorded", "muted"])), cell(roomButtons(room)),
  ]));
  fill("members", rooms.flatMap((room) => room.members.map((it) => [
    cell(room.name), cell(`${it.name ? `${it.name} ` : ""}${it.number}`), cell(it.endpoint), cell(time.format(new Date(it.since))),
    cell(told(it, ["speaking", "moderates", "waits", "muted", "deaf"])), cell(memberButtons(room, it)),
  ])));
  choices(rooms);
  const again = [...document.querySelectorAll("button[data-key]")].find((it) => it.dataset.key === focused);
  if (focused && again) again.focus();
}

async function update(again) {
  try {
    show((await (await api("conference-rooms?limit=100")).json()).items);
  } catch (error) {
    say(error.message, "");
  }
  if (again) setTimeout(() => update(true), EVERY_MS);
}

if (field("invite")) {
  field("invite").addEventListener("submit", (event) => {
    event.preventDefault();
    ask("POST", `${encodeURIComponent(field("room").value)}/members`, { to: field("to").value.trim() });
  });
}

update(true);
