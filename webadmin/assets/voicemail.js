"use strict";

const time = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "short", timeStyle: "medium" });

let next = null;
let asked = 0;

function caller(message) {
  return [message.caller_name, message.caller].filter(Boolean).join(" ") || words.unknown;
}

function name(message) {
  return `${caller(message)} ${time.format(new Date(message.received_at))}`;
}

/* Does something to a message, says so, and leaves the keyboard where it was: at the same button of the same row. */
async function act(message, options, done) {
  const label = document.activeElement.dataset.act;
  try {
    await api(`voicemail-messages/${message.id}`, options);
    say("", done.replace("%", name(message)));
    await load();
    const row = [...field("messages").rows].find((tr) => tr.dataset.id === message.id);
    const there = row ? row.querySelector(`[data-act="${label}"]`) : field("mailbox");
    there?.focus();
  } catch (error) {
    say(error.message, "");
  }
}

function mark(message, changes) {
  const headers = { "content-type": "application/json" };
  return act(message, { method: "PATCH", headers, body: JSON.stringify(changes) }, words.marked);
}

function remove(message) {
  if (!confirm(words.sure.replace("%", name(message)))) return;
  act(message, { method: "DELETE" }, words.deleted);
}

function player(message) {
  const audio = document.createElement("audio");
  audio.controls = true;
  audio.preload = "none";
  audio.src = `/api/v1/voicemail-messages/${message.id}/audio`;
  audio.setAttribute("aria-label", `${words.listen}: ${name(message)}`);
  audio.addEventListener("play", () => {
    document.querySelectorAll("audio").forEach((other) => { if (other !== audio) other.pause(); });
  });
  // Listened to, it is no new one any more; the row stays, so that the player does too.
  audio.addEventListener("ended", () => {
    const row = audio.closest("tr");
    message.heard_at ??= new Date().toISOString();
    row.querySelector(".state").textContent = state(message);
    const button = row.querySelector("[data-act='heard']");
    button.textContent = words.markNew;
    button.setAttribute("aria-label", `${words.markNew}: ${name(message)}`);
  });
  audio.addEventListener("error", () => say(words.lost, ""));
  return audio;
}

function button(id, text, message, pressed) {
  const made = document.createElement("button");
  made.type = "button";
  made.dataset.act = id;
  made.textContent = text;
  made.setAttribute("aria-label", `${text}: ${name(message)}`);
  made.addEventListener("click", pressed);
  return made;
}

function actions(message) {
  const heard = button("heard", message.heard_at ? words.markNew : words.markHeard, message,
    () => mark(message, { heard: !message.heard_at }));
  const urgent = button("urgent", message.urgent ? words.markUsual : words.markUrgent, message,
    () => mark(message, { urgent: !message.urgent }));
  return [player(message), " ", heard, " ", urgent, " ",
    button("delete", words.delete, message, () => remove(message))];
}

function state(message) {
  return [
    message.heard_at ? words.heard : words.new, message.urgent ? words.urgent : "",
    message.encrypted ? words.encrypted : "", message.cut ? words.cut : "",
  ].filter(Boolean).join(", ");
}

function row(message) {
  const heads = [...field("messages").parentElement.tHead.rows[0].cells].map((head) => head.textContent);
  const tr = document.createElement("tr");
  tr.setAttribute("role", "row");
  tr.dataset.id = message.id;
  tr.append(
    named(heads[0], time.format(new Date(message.received_at))), named(heads[1], message.mailbox),
    named(heads[2], caller(message)), named(heads[3], clock(message.audio_ms / 1000), "figure"),
    named(heads[4], state(message), "state"), named(heads[5], actions(message), "actions"));
  return tr;
}

async function load(cursor) {
  const turn = ++asked;
  const query = new URLSearchParams({ limit: "50" });
  if (field("mailbox").value.trim()) query.set("mailbox", field("mailbox").value.trim());
  if (cursor) query.set("cursor", cursor);
  try {
    const page = await (await api(`voicemail-messages?${query}`)).json();
    if (turn !== asked) return;
    const body = field("messages");
    if (!cursor) body.replaceChildren();
    body.append(...page.items.map(row));
    if (body.rows.length === 0) {
      const none = named("", words.none, "empty");
      none.colSpan = 6;
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
field("mailbox").addEventListener("input", () => load());
field("more").addEventListener("click", () => load(next));
load();
