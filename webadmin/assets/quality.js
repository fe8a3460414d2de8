"use strict";

/* The figures of a leg's media, each with a small bar: from what it is fair, from what it is bad, where the bar ends. */
const figures = (digits) => new Intl.NumberFormat(document.documentElement.lang, {
  minimumFractionDigits: digits,
  maximumFractionDigits: digits,
});
const [whole, tenths] = [figures(0), figures(1)];
const LOSS = { min: 0, low: 1, high: 3, max: 10, optimum: 0, unit: "%", format: tenths };
const JITTER = { min: 0, low: 20, high: 50, max: 100, optimum: 0, unit: "ms", format: whole };
const ROUND_TRIP = { min: 0, low: 200, high: 400, max: 800, optimum: 0, unit: "ms", format: whole };
const MOS = { min: 1, low: 3.1, high: 4, max: 4.5, optimum: 4.5, unit: "", format: tenths };

function bar(value, scale) {
  const td = document.createElement("td");
  td.setAttribute("role", "cell");
  td.className = "figure";
  if (value === null) return td;
  const text = `${scale.format.format(value)} ${scale.unit}`.trim();
  const meter = document.createElement("meter");
  for (const name of ["min", "max", "low", "high", "optimum"]) meter[name] = scale[name];
  meter.value = value;
  meter.setAttribute("aria-label", text);
  td.append(meter, text);
  return td;
}

function share(lost, came) {
  return lost + came > 0 ? (100 * lost) / (lost + came) : null;
}

/* What is wrong now, or for how long it was. */
function troublesOf(leg) {
  const names = document.body.dataset;
  const now = (leg.troubles ?? []).map((trouble) => {
    const [word, ...rest] = trouble.split(" ");
    return [names[word] ?? word, ...rest].join(" ");
  });
  const past = ["one_way", "dead_air", "from_nowhere"]
    .filter((word) => leg.media[`${word}_ms`] > 0)
    .map((word) => `${names[word]}: ${whole.format(leg.media[`${word}_ms`] / 1000)} s`);
  return [...now, ...past].join(", ");
}

function qualityRow(leg, place) {
  const { media } = leg;
  const troubles = troublesOf(leg);
  const reported = media.far_mos_centi > 0;
  const text = (content, className) => {
    const td = document.createElement("td");
    td.setAttribute("role", "cell");
    td.textContent = content;
    td.className = className;
    return td;
  };
  return [
    text(place, "figure"),
    bar(share(media.lost + media.late, media.received), LOSS),
    bar(reported ? share(media.far_lost, Math.max(0, media.sent - media.far_lost)) : null, LOSS),
    bar(media.received > 0 ? media.jitter_us / 1000 : null, JITTER),
    bar(media.round_trip_us > 0 ? media.round_trip_us / 1000 : null, ROUND_TRIP),
    bar(media.mos_centi > 0 ? media.mos_centi / 100 : null, MOS),
    bar(reported ? media.far_mos_centi / 100 : null, MOS),
    text(troubles || document.body.dataset.none, troubles ? "bad" : "empty"),
  ];
}
