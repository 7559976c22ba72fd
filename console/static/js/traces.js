// The list: facets on narrow windows, and what is new in live mode. A trace: folding its tree, following the choice.
"use strict";

(() => {
  // ---- list ----
  let known = new Set();
  const remember = () => {
    known = new Set([...document.querySelectorAll("#rows > tr")].map((row) => row.id));
  };
  document.addEventListener("DOMContentLoaded", remember);
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id !== "rows" && !document.querySelector("#rows[data-live]")) return;
    for (const row of document.querySelectorAll("#rows > tr")) if (!known.has(row.id)) row.classList.add("fresh");
    remember();
  });

  // Somebody who is reading does not want the rows to move away below the pointer.
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.target.id === "rows" && document.querySelector("dialog[open], details.menu[open]")) event.preventDefault();
  });

  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    const toggle = target?.closest("[data-toggles]");
    if (toggle) {
      const isOpen = document.getElementById(toggle.dataset.toggles).classList.toggle("open");
      toggle.setAttribute("aria-expanded", String(isOpen));
    }
    const fold = target?.closest("[data-fold]");
    if (fold) refold(fold);
  });

  // ---- one trace ----
  const folded = new Set();
  const refold = (button) => {
    const which = button.dataset.fold;
    if (which === "none") folded.clear();
    else if (which === "all") {
      for (const one of document.querySelectorAll(".branch button.fold")) {
        if (one.closest(".branch").dataset.parents) folded.add(one.dataset.fold);
      }
    } else if (!folded.delete(which)) folded.add(which);
    for (const row of document.querySelectorAll(".branch")) {
      row.hidden = row.dataset.parents.split(" ").some((parent) => folded.has(parent));
      row.querySelector("button.fold")?.setAttribute("aria-expanded", String(!folded.has(row.dataset.span)));
    }
  };

  const follow = () => {
    const chosen = document.getElementById("span")?.dataset.selected;
    if (!chosen) return;
    for (const row of document.querySelectorAll(".branch")) {
      row.classList.toggle("selected", row.dataset.span === chosen);
      if (row.dataset.span === chosen) row.scrollIntoView({ block: "nearest" });
    }
  };
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id === "span" || document.getElementById("span")) follow();
  });
  document.addEventListener("DOMContentLoaded", follow);
})();
