// Draws a report's figures, filters its cases and answers its keys. The page can be read without it.
"use strict";

(() => {
  const root = document.documentElement;
  const probe = document.createElement("span");
  probe.hidden = true;
  document.body.append(probe);

  // ---- charts: a string that begins with two dashes is the name of a colour ----
  const colour = (token) => {
    probe.style.color = `var(${token})`;
    return getComputedStyle(probe).color;
  };
  const painted = (part) => {
    if (typeof part === "string") return part.startsWith("--") ? colour(part) : part;
    if (Array.isArray(part)) return typeof part[0] === "object" ? part.map(painted) : part;
    if (part && typeof part === "object") {
      return Object.fromEntries(Object.entries(part).map(([name, value]) => [name, painted(value)]));
    }
    return part;
  };
  const config = { displayModeBar: false, responsive: true, doubleClick: false, showTips: false };
  const draw = (chart, width) => {
    const { data, layout } = painted(JSON.parse(document.getElementById(chart.dataset.chart).textContent));
    return Plotly.react(chart, data, { ...layout, autosize: !width, ...(width ? { width } : {}) }, config)
      .then(() => { chart.dataset.drawn = "true"; });
  };
  const charts = [...document.querySelectorAll("[data-chart]")];
  const drawAll = () => charts.forEach((chart) => draw(chart));
  drawAll();

  // ---- light and dark: the system's choice, until somebody chooses ----
  const theme = document.getElementById("theme");
  const prefersDark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme || (prefersDark.matches ? "dark" : "light")) === "dark";
  const switchTheme = () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    drawAll();
  };
  theme.hidden = false;
  theme.addEventListener("click", switchTheme);
  prefersDark.addEventListener("change", drawAll);

  // ---- paper: light colours, a width that fits, and what broke lies open ----
  let opened = [];
  addEventListener("beforeprint", () => {
    root.dataset.screen = root.dataset.theme || "";
    root.dataset.theme = "light";
    charts.forEach((chart) => draw(chart, chart.closest(".grid") ? 320 : 660));
    opened = [...document.querySelectorAll(".case[data-kinds~=broken]:not([hidden]):not([open])")];
    for (const item of opened) item.open = true;
  });
  addEventListener("afterprint", () => {
    if (root.dataset.screen) root.dataset.theme = root.dataset.screen;
    else delete root.dataset.theme;
    for (const item of opened) item.open = false;
    drawAll();
  });

  // ---- cases ----
  const form = document.getElementById("filters");
  if (!form) return;
  const cases = [...document.querySelectorAll(".case")];
  const [words, kind, metric, tag] = ["words", "kind", "metric", "tag"].map((id) => document.getElementById(id));
  const count = document.getElementById("count");
  const texts = new Map();
  const textOf = (item) => {
    if (!texts.has(item)) texts.set(item, item.textContent.toLowerCase());
    return texts.get(item);
  };
  const listed = (text) => (text || "").split("\n");
  const filter = () => {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const item of cases) {
      const fits = (!kind.value || item.dataset.kinds.split(" ").includes(kind.value))
        && (!metric?.value || listed(item.dataset.metrics).includes(metric.value))
        && (!tag?.value || listed(item.dataset.tags).includes(tag.value))
        && wanted.every((word) => textOf(item).includes(word));
      item.hidden = !fits;
      shown += fits;
    }
    count.textContent = `${shown} of ${cases.length} shown`;
  };
  const choose = (value) => {
    if ([...kind.options].some((option) => option.value === value)) kind.value = value;
    filter();
  };
  const clear = () => {
    form.reset();
    filter();
  };
  const step = (by) => {
    const shown = cases.filter((item) => !item.hidden);
    const at = shown.findIndex((item) => item.contains(document.activeElement));
    const next = shown[Math.max(0, Math.min(shown.length - 1, at < 0 && by < 0 ? shown.length - 1 : at + by))];
    if (next) next.querySelector("summary").focus();
  };
  const keys = {
    "/": () => words.focus(), j: () => step(1), k: () => step(-1), Escape: clear, t: switchTheme,
    a: () => choose(""), b: () => choose("broken"), f: () => choose("fixed"),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const isTyping = event.target.matches("input, select, textarea");
    if (isTyping && event.key !== "Escape") return;
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
    if (isTyping) event.target.blur();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", filter);
  form.hidden = false;
  filter();
})();
