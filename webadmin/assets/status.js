"use strict";

const EVERY_MS = 2000;
const time = new Intl.DateTimeFormat(document.documentElement.lang, {
  dateStyle: "short",
  timeStyle: "medium",
});

function linked(text, call) {
  const td = cell("");
  const link = document.createElement("a");
  link.href = `/admin/calls/${encodeURIComponent(call.id)}`;
  link.textContent = text;
  td.append(link);
  return td;
}

function when(text) {
  return text ? time.format(new Date(text)) : "";
}

function warn(sentences) {
  const list = field("warnings");
  if (list.textContent === sentences.join("")) return;
  list.hidden = sentences.length === 0;
  list.replaceChildren(...sentences.map((sentence) => {
    const item = document.createElement("li");
    item.textContent = sentence;
    return item;
  }));
}

function trunkRows(trunk) {
  const peers = trunk.peers.length > 0 ? trunk.peers : [null];
  return peers.map((peer, index) => [
    cell(index === 0 ? trunk.name : ""),
    cell(peer ? peer.uri : ""),
    peer ? cell(peer.up ? words.up : words.down, peer.up ? "good" : "bad") : cell(""),
    cell(index === 0 ? trunk.registration : ""),
    cell(index === 0 ? trunk.calls : "", "figure"),
  ]);
}

function show(status) {
  field("node").textContent = `${status.node} ${status.version}`;
  const readiness = field("readiness");
  const { ready, reasons } = status.readiness;
  const sentence = ready ? words.ready : `${words.notReady}: ${reasons.join(", ")}`;
  if (readiness.textContent !== sentence) readiness.textContent = sentence;
  readiness.className = ready ? "good" : "bad";

  warn(status.warnings);
  fill("trunks", status.trunks.flatMap(trunkRows));
  field("registrations-total").textContent = status.registrations_total;
  fill("registrations", status.registrations.map((phone) => [
    cell(phone.extension), cell(`${phone.source} ${phone.transport}`), cell(phone.user_agent), cell(when(phone.expires_at)),
  ]));
  if (!status.calls) return;
  field("calls-total").textContent = status.calls_total;
  fill("calls", status.calls.map((call) => [
    linked(when(call.started_at), call), cell(`${call.caller} (${call.from})`), cell(call.dialled),
    cell(call.to), cell(call.slot ? `${call.state} · ${words.parked} ${call.slot}` : call.state), cell(call.codec),
  ]));
  fill("recent", status.recent.map((call) => [
    linked(when(call.started_at), call), cell(call.caller), cell(call.dialled), cell(call.to),
    cell(call.answered_at ? clock(call.billed_secs) : "", "figure"), cell(call.cause),
  ]));
}

async function update() {
  const lost = field("lost");
  try {
    const answer = await fetch("/api/v1/status", { headers: { Accept: "application/json" } });
    if (answer.status === 401) {
      location.assign("/login");
      return;
    }
    if (!answer.ok) throw new Error(String(answer.status));
    show(await answer.json());
    lost.hidden = true;
  } catch {
    lost.hidden = false;
  }
  setTimeout(update, EVERY_MS);
}

update();
