// Draws every figure of a page with Plotly: <div data-chart="id"> beside the JSON script with that id.
// Colours are design tokens; they are looked up here and again when the theme changes.
"use strict";

(() => {
  const probe = document.createElement("span");
  probe.hidden = true;

  const colour = (token) => {
    probe.style.color = `var(${token})`; // through the CSSOM, which the policy allows
    return getComputedStyle(probe).color;
  };

  // A copy of the figure with the value of every token in place of its name.
  const painted = (part) => {
    if (typeof part === "string") return part.startsWith("--") ? colour(part) : part;
    if (Array.isArray(part)) return part.length > 20 ? part : part.map(painted);
    if (part && typeof part === "object") {
      return Object.fromEntries(Object.entries(part).map(([name, value]) => [name, painted(value)]));
    }
    return part;
  };

  const isTouch = matchMedia("(pointer: coarse)").matches;
  const config = { displayModeBar: false, responsive: true, doubleClick: false, showTips: false };

  const figureOf = (chart) => JSON.parse(document.getElementById(chart.dataset.chart).textContent);

  const later = (local, seconds) =>
    new Date(Date.parse(`${local.slice(0, 19)}Z`) + seconds * 1000).toISOString().slice(0, 19);

  const visit = (path, changes) => {
    const here = new URL(location.href);
    const kept = new URLSearchParams();
    for (const name of ["env", "by"]) {
      const value = here.searchParams.get(name);
      if (value && (name !== "by" || path === here.pathname)) kept.set(name, value);
    }
    for (const [name, value] of changes) kept.set(name, value);
    location.assign(`${path}?${kept}`);
  };

  const draw = async (chart) => {
    const figure = figureOf(chart);
    if (!chart.isConnected) return;
    const layout = painted(figure.layout);
    layout.dragmode = isTouch ? false : "zoom";
    layout.autosize = true;
    const data = figure.data.map((trace) => ({ ...painted({ ...trace, x: 0, y: 0, customdata: 0, meta: 0 }),
      x: trace.x, y: trace.y, customdata: trace.customdata, labels: trace.labels, meta: trace.meta }));
    const isNew = !chart.classList.contains("js-plotly-plot");
    await Plotly.react(chart, data, layout, config);
    chart.dataset.drawn = "true";
    if (!isNew) return;
    chart.on("plotly_click", ({ points: [point] }) => {
      const path = chart.dataset.traces;
      const bucket_s = point.fullData.xaxis && figure.layout.meta ? figure.layout.meta.bucket_s : 0;
      if (!path || !bucket_s || typeof point.x !== "string") return;
      const from = point.data.x[point.pointIndex];
      visit(path, [["from", from], ["to", later(from, bucket_s)], ["scope", "calls"],
        ...new URLSearchParams(point.data.meta || "")]);
    });
    chart.on("plotly_relayout", (change) => {
      const [from, to] = [change["xaxis.range[0]"], change["xaxis.range[1]"]];
      if (from && to) visit(location.pathname, [["from", iso(from)], ["to", iso(to)]]);
    });
  };

  // Plotly writes "2026-11-21 10:30:12.4567".
  const iso = (written) => {
    const [day, clock = "00:00:00"] = String(written).split(/[ T]/);
    return `${day}T${clock.split(".")[0].padEnd(5, ":00").slice(0, 8)}`;
  };

  const drawAll = () => {
    document.body.append(probe);
    for (const chart of document.querySelectorAll("[data-chart]")) draw(chart);
  };

  document.addEventListener("DOMContentLoaded", drawAll);
  document.addEventListener("themechange", drawAll);
  document.addEventListener("htmx:afterSettle", drawAll);
  document.addEventListener("htmx:beforeCleanupElement", (event) => {
    if (event.target.classList?.contains("js-plotly-plot")) Plotly.purge(event.target);
  });
})();
