"use strict";

const forwards = ["forward_always", "forward_busy", "forward_no_answer", "forward_unregistered"];
let rows = [];
let cursor = "";

/* A forward that nobody has changed is null, one that is switched off is empty. */
function where(to) {
  if (to === null) return words.setup;
  return to === "" ? words.nowhere : to;
}

async function load(again) {
  if (again) [rows, cursor] = [[], ""];
  const asked = cursor ? `&cursor=${encodeURIComponent(cursor)}` : "";
  try {
    const page = await (await api(`station-settings?limit=50${asked}`)).json();
    cursor = page.next || "";
    rows.push(...page.items);
    fill("stations", rows.map((it) => [
      cell(it.extension),
      ...forwards.map((name) => cell(where(it[name]))),
      cell(it.do_not_disturb ? words.yes : words.no),
      cell(it.unavailable ? words.yes : words.no),
    ]));
    field("more").hidden = !cursor;
  } catch (error) {
    say(error.message, "");
  }
}

async function show() {
  const extension = field("extension").value.trim();
  if (!extension) return;
  try {
    const it = await (await api(`stations/${encodeURIComponent(extension)}/settings`)).json();
    forwards.forEach((name) => {
      field(name).value = it[name] ?? "";
      field(name).placeholder = where(it[name]);
      field(name).dataset.was = it[name] ?? "";
    });
    field("no_answer_secs").value = it.no_answer_secs ?? "";
    field("do_not_disturb").checked = it.do_not_disturb;
    field("unavailable").checked = it.unavailable;
    say("", "");
  } catch (error) {
    say(error.message, "");
  }
}

async function save(event) {
  event.preventDefault();
  const extension = field("extension").value.trim();
  const change = {
    do_not_disturb: field("do_not_disturb").checked,
    unavailable: field("unavailable").checked,
    no_answer_secs: field("no_answer_secs").value === "" ? null : Number(field("no_answer_secs").value),
  };
  // A field that was left as it was says nothing: an empty one would switch off what is set up.
  forwards.filter((name) => field(name).value !== field(name).dataset.was)
    .forEach((name) => { change[name] = field(name).value.trim(); });
  try {
    await api(`stations/${encodeURIComponent(extension)}/settings`, {
      method: "PATCH",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(change),
    });
    say("", words.saved.replace("%", extension));
    setTimeout(() => load(true), 400);
  } catch (error) {
    say(error.message, "");
  }
}

if (field("change")) {
  field("change").addEventListener("submit", save);
  field("extension").addEventListener("change", show);
}
field("more").addEventListener("click", () => load(false));
load(true);
