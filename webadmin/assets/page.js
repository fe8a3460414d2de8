"use strict";

/* What the pages share: their words, their fields, what the API answers, and tables. Each page's own script follows. */
const words = document.body.dataset;
const field = (id) => document.getElementById(id);

function say(problem, done) {
  field("problem").hidden = !problem;
  field("problem").textContent = problem;
  field("done").textContent = done;
}

/* What the API answers, or an error with its sentence. */
async function api(path, options) {
  const answer = await fetch(`/api/v1/${path}`, options);
  if (answer.status === 401) location.assign("/login");
  if (answer.ok) return answer;
  const problem = await answer.json().catch(() => ({}));
  throw new Error(problem.detail || problem.title || String(answer.status));
}

/* Hours, minutes and seconds. */
function clock(seconds) {
  const pad = (n) => String(n).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  return `${Math.floor(minutes / 60)}:${pad(minutes % 60)}:${pad(Math.floor(seconds) % 60)}`;
}

/* A cell of text, of an element, or of several. */
function cell(content, className) {
  const td = document.createElement("td");
  td.setAttribute("role", "cell");
  td.append(...[content ?? ""].flat());
  if (className) td.className = className;
  return td;
}

/* The same under a name of its own, for rows that are not made by `fill`. */
function named(name, content, className) {
  const td = cell(content, className);
  td.dataset.name = name;
  return td;
}

function fill(id, rows) {
  const body = field(id);
  if (!body) return;
  const heads = [...body.parentElement.tHead.rows[0].cells];
  // On a narrow screen each row is a list, which names its cells itself.
  rows.forEach((cells) => cells.forEach((td, index) => { td.dataset.name = heads[index].textContent; }));
  if (rows.length === 0) {
    const none = cell(words.none, "empty");
    none.colSpan = heads.length;
    rows = [[none]];
  }
  body.replaceChildren(...rows.map((cells) => {
    const tr = document.createElement("tr");
    tr.setAttribute("role", "row");
    tr.append(...cells);
    return tr;
  }));
}
