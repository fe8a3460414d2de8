"use strict";

const time = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "short", timeStyle: "short" });
const figure = new Intl.NumberFormat(document.documentElement.lang, { minimumFractionDigits: 1, maximumFractionDigits: 1 });

let context = null;
let playing = null;
let next = null;
let asked = 0;

function shelf() {
  return field("shelf").value;
}

function silence() {
  if (!playing) return;
  playing.source.stop();
  playing.button.textContent = words.listen;
  playing = null;
}

async function listen(sound, button) {
  const again = playing && playing.button === button;
  silence();
  if (again) return;
  try {
    context = context || new AudioContext();
    await context.resume();
    const answer = await api(`${shelf()}/${encodeURIComponent(sound.name)}/audio`);
    const audio = await context.decodeAudioData(await answer.arrayBuffer());
    draw(audio.getChannelData(0));
    const source = new AudioBufferSourceNode(context, { buffer: audio });
    source.connect(context.destination);
    playing = { source, button };
    button.textContent = words.stop;
    source.onended = () => { if (playing && playing.source === source) silence(); };
    source.start();
    say("", "");
  } catch (error) {
    say(error.message, "");
  }
}

/* The outline of the loudest and the softest sample under each column. */
function draw(samples) {
  const canvas = field("wave");
  canvas.hidden = false;
  const pen = canvas.getContext("2d");
  const { width, height } = canvas;
  const style = getComputedStyle(document.body);
  pen.fillStyle = style.getPropertyValue("--panel");
  pen.fillRect(0, 0, width, height);
  pen.fillStyle = style.getPropertyValue("--accent");
  const each = samples.length / width;
  for (let column = 0; column < width; column += 1) {
    let low = 0;
    let high = 0;
    for (let at = Math.floor(column * each); at < (column + 1) * each; at += 1) {
      low = Math.min(low, samples[at]);
      high = Math.max(high, samples[at]);
    }
    pen.fillRect(column, (1 - high) * height / 2, 1, Math.max(1, (high - low) * height / 2));
  }
}

async function remove(sound) {
  if (!confirm(words.sure.replace("%", sound.name))) return;
  const path = `${shelf()}/${encodeURIComponent(sound.name)}`;
  try {
    await api(path, { method: "DELETE" });
  } catch (error) {
    if (!confirm(error.message)) return say(error.message, "");
    try {
      await api(`${path}?force=true`, { method: "DELETE" });
    } catch (second) {
      return say(second.message, "");
    }
  }
  say("", words.deleted.replace("%", sound.name));
  await load();
}

function button(text, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.addEventListener("click", () => act(made));
  return made;
}

function origin(sound) {
  if (sound.origin === "shipped") return words.shipped;
  const at = `${words.own}, ${time.format(new Date(sound.uploaded_at))}`;
  return sound.overrides ? `${at}, ${words.overrides}` : at;
}

function row(sound) {
  const heads = [...field("sounds").parentElement.tHead.rows[0].cells].map((head) => head.textContent);
  const seconds = sound.ms === null ? "" : `${figure.format(sound.ms / 1000)} s`;
  const actions = named(heads[4], "", "actions");
  const hear = button(words.listen, (self) => listen(sound, self));
  hear.setAttribute("aria-label", `${words.listen}: ${sound.name}`);
  actions.append(hear);
  if (sound.origin === "user" && words.manages === "true") {
    const away = button(words.delete, () => remove(sound));
    away.setAttribute("aria-label", `${words.delete}: ${sound.name}`);
    actions.append(" ", away);
  }
  const tr = document.createElement("tr");
  tr.setAttribute("role", "row");
  tr.append(named(heads[0], sound.name), named(heads[1], sound.text || ""), named(heads[2], seconds, "figure"),
    named(heads[3], origin(sound)), actions);
  return tr;
}

async function load(cursor) {
  const turn = ++asked;
  const query = new URLSearchParams({ limit: "100" });
  const add = (name, value) => { if (value) query.set(name, value); };
  add(shelf() === "music" ? "class" : "language", field("of").value.trim());
  add("search", field("search").value.trim());
  add("origin", field("origin").value);
  add("cursor", cursor);
  try {
    const page = await (await api(`${shelf()}?${query}`)).json();
    if (turn !== asked) return;
    const body = field("sounds");
    if (!cursor) body.replaceChildren();
    body.append(...page.items.map(row));
    if (body.rows.length === 0) {
      const none = named("", words.none, "empty");
      none.colSpan = 5;
      const tr = document.createElement("tr");
      tr.append(none);
      body.append(tr);
    }
    next = page.next;
    field("more").hidden = !next;
  } catch (error) {
    say(error.message || words.lost, "");
  }
}

function upload(event) {
  event.preventDefault();
  const music = field("kind").value === "music";
  const name = field("id").value.trim();
  const query = new URLSearchParams({ level: String(field("level").checked) });
  query.set(music ? "class" : "language", field("group").value.trim());
  query.set(music ? "piece" : "id", name);
  const progress = field("progress");
  const request = new XMLHttpRequest();
  const over = (problem, done) => {
    progress.hidden = true;
    say(problem, done);
  };
  request.upload.addEventListener("progress", (part) => {
    if (part.lengthComputable) progress.value = 100 * part.loaded / part.total;
  });
  request.upload.addEventListener("load", () => say("", words.checking));
  request.addEventListener("error", () => over(words.lost, ""));
  request.addEventListener("load", () => {
    if (request.status === 201) {
      over("", words.taken.replace("%", name));
      field("shelf").value = field("kind").value;
      field("of").value = field("group").value.trim();
      field("search").value = name;
      load();
      return;
    }
    let problem = {};
    try { problem = JSON.parse(request.responseText); } catch { /* no problem details: the status says it */ }
    over(problem.detail || problem.title || String(request.status), "");
  });
  request.open("POST", `/api/v1/${field("kind").value}?${query}`);
  request.setRequestHeader("Content-Type", "application/octet-stream");
  progress.value = 0;
  progress.hidden = false;
  say("", words.uploading);
  request.send(field("file").files[0]);
}

if (field("upload")) {
  field("upload").addEventListener("submit", upload);
  field("kind").addEventListener("change", () => {
    const music = field("kind").value === "music";
    field("group-label").textContent = music ? words.class : words.language;
    field("group").value = music ? "default" : document.documentElement.lang;
  });
  field("file").addEventListener("change", () => {
    const file = field("file").files[0];
    if (!file || field("id").value) return;
    field("id").value = file.name.replace(/\.[^.]*$/, "").toLowerCase().replace(/[^a-z0-9_-]+/g, "-");
  });
}
field("filter").addEventListener("submit", (event) => event.preventDefault());
field("shelf").addEventListener("change", () => {
  field("of").value = shelf() === "music" ? "" : document.documentElement.lang;
});
for (const id of ["shelf", "of", "search", "origin"]) field(id).addEventListener("input", () => load());
field("more").addEventListener("click", () => load(next));
load();
