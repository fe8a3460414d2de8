"use strict";

const time = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "short", timeStyle: "medium" });
const day = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "short" });

let next = null;
let asked = 0;

function name(recording) {
  const who = [recording.caller, recording.dialled].filter(Boolean).join(" → ");
  return `${who} ${time.format(new Date(recording.started_at))}`.trim();
}

function player(recording) {
  const audio = document.createElement("audio");
  audio.controls = true;
  audio.preload = "none";
  audio.src = `/api/v1/recordings/${recording.id}/audio`;
  audio.setAttribute("aria-label", `${words.listen}: ${name(recording)}`);
  audio.addEventListener("play", () => {
    document.querySelectorAll("audio").forEach((other) => { if (other !== audio) other.pause(); });
  });
  audio.addEventListener("error", () => say(words.lost, ""));
  return audio;
}

/* Each gap is a button that leads to where it lies. */
function gaps(recording, audio) {
  return recording.gaps.map((gap) => {
    const seconds = String(Math.round(gap.ms / 100) / 10);
    const there = document.createElement("button");
    there.type = "button";
    there.textContent = words.gap.replace("%1", clock(gap.at_ms / 1000)).replace("%2", seconds);
    there.addEventListener("click", () => {
      audio.currentTime = Math.max(0, gap.at_ms / 1000 - 2);
      audio.play();
    });
    return there;
  });
}

async function remove(recording) {
  if (!confirm(words.sure.replace("%", name(recording)))) return;
  try {
    await api(`recordings/${recording.id}`, { method: "DELETE" });
    say("", words.deleted.replace("%", name(recording)));
    await load();
  } catch (error) {
    say(error.message, "");
  }
}

function actions(recording, audio) {
  if (words.manages !== "true") return [audio];
  const away = document.createElement("button");
  away.type = "button";
  away.textContent = words.delete;
  away.setAttribute("aria-label", `${words.delete}: ${name(recording)}`);
  away.addEventListener("click", () => remove(recording));
  return [audio, " ", away];
}

function row(recording) {
  const heads = [...field("recordings").parentElement.tHead.rows[0].cells].map((head) => head.textContent);
  const audio = player(recording);
  const notes = [recording.encrypted ? words.encrypted : "", recording.cut ? words.cut : ""].filter(Boolean);
  const kept = recording.keep_until ? day.format(new Date(recording.keep_until)) : words.forGood;
  const tr = document.createElement("tr");
  tr.setAttribute("role", "row");
  tr.append(
    named(heads[0], time.format(new Date(recording.started_at))), named(heads[1], recording.caller),
    named(heads[2], recording.dialled), named(heads[3], clock(recording.audio_ms / 1000), "figure"),
    named(heads[4], gaps(recording, audio)), named(heads[5], [recording.policy, ...notes].join(", ")),
    named(heads[6], kept), named(heads[7], actions(recording, audio), "actions"));
  return tr;
}

async function load(cursor) {
  const turn = ++asked;
  const query = new URLSearchParams({ limit: "50" });
  for (const id of ["since", "until"]) {
    if (field(id).value) query.set(id, new Date(field(id).value).toISOString());
  }
  if (field("call").value.trim()) query.set("call", field("call").value.trim());
  if (cursor) query.set("cursor", cursor);
  try {
    const page = await (await api(`recordings?${query}`)).json();
    if (turn !== asked) return;
    const body = field("recordings");
    if (!cursor) body.replaceChildren();
    body.append(...page.items.map(row));
    if (body.rows.length === 0) {
      const none = named("", words.none, "empty");
      none.colSpan = 8;
      const tr = document.createElement("tr");
      tr.append(none);
      body.append(tr);
    }
    next = page.next;
    field("more").hidden = !next;
    field("problem").hidden = true;
  } catch (error) {
    if (turn === asked) say(error.message || words.lost, "");
  }
}

field("filter").addEventListener("submit", (event) => event.preventDefault());
for (const id of ["since", "until", "call"]) field(id).addEventListener("input", () => load());
field("more").addEventListener("click", () => load(next));
load();
