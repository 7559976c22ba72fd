// Judging verdicts by keyboard: a key presses what carries it as data-key. Fields keep their keys to themselves.
"use strict";

(() => {
  document.addEventListener("keydown", (event) => {
    if (event.metaKey || event.ctrlKey || event.altKey || event.isComposing || event.repeat) return;
    const target = event.target;
    if (target instanceof HTMLElement && target.closest("input, textarea, select, [contenteditable]")) return;
    // The shell takes what follows a `g` as a place to go to; its own j and k do nothing on a page without rows.
    if (event.defaultPrevented && !"jk".includes(event.key)) return;
    if (document.querySelector("dialog[open]") || !/^[a-z]$/.test(event.key)) return;
    const button = document.querySelector(`[data-key="${event.key}"]`);
    if (!button) return;
    event.preventDefault();
    const missed = document.querySelector("[data-missed]");
    if (event.key === "m" && missed && !missed.value) missed.focus(); // what was missed has to be named first
    else button.click();
  });
})();
