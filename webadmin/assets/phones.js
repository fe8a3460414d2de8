"use strict";

const time = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "short", timeStyle: "short" });
const json = { "Content-Type": "application/json" };
const manages = words.manages === "true";
let phones = [];

function button(text, mac, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.setAttribute("aria-label", `${text}: ${mac}`);
  made.addEventListener("click", () => act().catch((error) => say(error.message, "")));
  return made;
}

/* What is to be typed into a phone; of a softphone also its settings, which are told once. */
function tell(told) {
  const settings = told.settings;
  field("told").hidden = false;
  field("told-mac").textContent = told.mac;
  field("url").textContent = told.url;
  field("url-hint").hidden = Boolean(settings);
  field("url").parentElement.hidden = Boolean(settings);
  field("softphone").hidden = !settings;
  field("qr").replaceChildren();
  for (const name of ["server", "transport", "user", "login", "password"]) {
    field(`s-${name}`).textContent = settings ? settings[name] : "";
  }
  field("s-uri").textContent = settings ? settings.sip_uri : "";
  if (settings) {
    const drawn = new DOMParser().parseFromString(settings.qr_svg, "image/svg+xml").documentElement;
    drawn.setAttribute("aria-hidden", "true");
    field("qr").append(document.importNode(drawn, true));
  }
  field("told").focus();
}

async function rotate(phone) {
  if (!confirm(words.rotateSure.replace("%", phone.mac))) return;
  tell(await (await api(`phones/${phone.mac}/rotate`, { method: "POST" })).json());
}

async function remove(phone) {
  if (!confirm(words.phoneSure.replace("%", phone.mac))) return;
  await api(`phones/${phone.mac}`, { method: "DELETE" });
  say("", words.deleted.replace("%", phone.mac));
  await load();
}

function edit(phone) {
  for (const name of ["mac", "vendor", "model", "language", "time_zone"]) field(name).value = phone[name] || "";
  field("stations").value = phone.stations.join(", ");
  field("keys").value = (phone.keys || []).join("\n");
  field("mac").focus();
}

function row(phone, state) {
  const actions = cell("", "actions");
  if (manages) {
    actions.append(
      button(words.edit, phone.mac, async () => edit(phone)), " ",
      button(words.showUrl, phone.mac, async () => tell(await (await api(`phones/${phone.mac}/provisioning`)).json())), " ",
      button(words.rotate, phone.mac, () => rotate(phone)), " ",
      button(words.delete, phone.mac, () => remove(phone)),
    );
  }
  const last = state && state.last_fetch;
  const fetched = last ? `${time.format(new Date(last.at))} · ${last.file} · ${last.address}` : words.never;
  const registered = state && state.registered.length > 0 ? state.registered.join(", ") : words.no;
  const vendor = [...(field("vendor") || { options: [] }).options].find((option) => option.value === phone.vendor);
  return [cell(phone.mac), cell(vendor ? vendor.textContent : phone.vendor), cell(phone.model), cell(phone.stations.join(", ")),
    cell(registered), cell(fetched), actions];
}

async function load() {
  phones = [];
  let next = "";
  do {
    const page = await (await api(`phones?limit=100${next && `&cursor=${encodeURIComponent(next)}`}`)).json();
    phones.push(...page.items);
    next = page.next;
  } while (next);
  const states = new Map((await (await api("phone-states")).json()).items.map((state) => [state.mac, state]));
  field("shown").textContent = String(phones.length);
  fill("phones", phones.map((phone) => row(phone, states.get(phone.mac))));
}

async function save(event) {
  event.preventDefault();
  const list = (text, by) => text.split(by).map((item) => item.trim()).filter(Boolean);
  const mac = field("mac").value.toLowerCase().replace(/[^0-9a-f]/g, "");
  const known = phones.find((phone) => phone.mac === mac) || {};
  const phone = { ...known, mac, stations: list(field("stations").value, ","), keys: list(field("keys").value, "\n") };
  for (const name of ["vendor", "model", "language", "time_zone"]) phone[name] = field(name).value.trim();
  try {
    await api(`phones/${mac}`, { method: "PUT", headers: json, body: JSON.stringify(phone) });
    say("", words.saved.replace("%", mac));
    field("edit").reset();
    await load();
  } catch (error) {
    say(error.message, "");
  }
}

if (field("edit")) {
  field("edit").addEventListener("submit", save);
  // Addresses that begin with 02 belong to nobody who makes phones.
  field("generate").addEventListener("click", () => {
    const octets = [...crypto.getRandomValues(new Uint8Array(5))];
    field("mac").value = ["02", ...octets.map((octet) => octet.toString(16).padStart(2, "0"))].join(":");
    field("vendor").value = "softphone";
  });
}
load().catch((error) => say(error.message, ""));
