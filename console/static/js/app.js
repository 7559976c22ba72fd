// What every page can do: theme, menus, dialogs, copying, toasts and the keyboard. No page needs it to be read.
"use strict";

(() => {
  const root = document.documentElement;

  // ---- theme: the server writes the cookie's value into <html data-theme>, so nothing flashes ----
  const setTheme = (theme) => {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `parapet_theme=${theme}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
    root.dataset.theme = theme;
    showTheme();
    document.dispatchEvent(new CustomEvent("themechange"));
  };
  const showTheme = () => {
    for (const item of document.querySelectorAll("[data-theme-choice]")) {
      item.setAttribute("aria-checked", String(item.dataset.themeChoice === root.dataset.theme));
    }
  };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    document.dispatchEvent(new CustomEvent("themechange"));
  });

  const toast = (text) => {
    const list = document.querySelector(".toasts");
    if (!list) return;
    const item = document.createElement("li");
    item.className = "toast success";
    const words = document.createElement("p");
    words.textContent = text;
    item.append(words);
    list.append(item);
    setTimeout(() => item.remove(), 2500);
  };

  const copy = async (button) => {
    const source = button.dataset.copy ? document.querySelector(button.dataset.copy) : null;
    const text = source ? (source.value ?? source.textContent) : (button.dataset.copyText ?? "");
    try {
      await navigator.clipboard.writeText(text.trim());
      toast("Copied.");
    } catch {
      toast("This browser does not let pages copy. Select the text instead.");
    }
  };

  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    if (!target) return;
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(target)) menu.open = false;
    }
    const theme = target.closest("[data-theme-choice]");
    if (theme) setTheme(theme.dataset.themeChoice);
    const opener = target.closest("[data-opens]");
    if (opener) {
      event.preventDefault();
      document.getElementById(opener.dataset.opens)?.showModal();
    }
    const closer = target.closest("[data-closes]");
    if (closer) closer.closest("dialog")?.close();
    if (target instanceof HTMLDialogElement) target.close(); // the backdrop
    const copier = target.closest("[data-copy], [data-copy-text]");
    if (copier) copy(copier);
    const ticker = target.closest("[data-ticks]");
    if (ticker) {
      const boxes = [...ticker.closest(".field").querySelectorAll('input[type="checkbox"]')];
      for (const box of boxes) box.checked = ticker.dataset.ticks === "all";
      boxes[0]?.dispatchEvent(new Event("change", { bubbles: true }));
    }
    const dismisser = target.closest("[data-dismiss]");
    if (dismisser) dismisser.closest(dismisser.dataset.dismiss)?.remove();
  });

  // A filter that was left empty does not belong in the address.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || form.method !== "get") return;
    for (const field of form.elements) {
      if (field.name && field.value === "") field.disabled = true;
    }
    setTimeout(() => {
      for (const field of form.elements) if (field.value === "") field.disabled = false;
    });
  });
  document.addEventListener("change", (event) => {
    const field = event.target;
    if (field instanceof Element && field.closest("[data-autosubmit]")) field.form?.requestSubmit();
  });

  // Nobody looks at a hidden page; what it asks for regularly can wait.
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (document.hidden && event.target.getAttribute("hx-trigger")?.startsWith("every")) event.preventDefault();
  });

  // ---- keyboard ----
  const rows = () => [...document.querySelectorAll("[data-row]")];
  const move = (step) => {
    const all = rows();
    if (!all.length) return;
    const here = all.findIndex((row) => row.contains(document.activeElement) || row === document.activeElement);
    const next = all[Math.min(Math.max(here + step, 0), all.length - 1)];
    const stop = next.matches("a, button, [tabindex]") ? next : next.querySelector("a, button, [tabindex]");
    stop?.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  };

  let awaitsPlace = 0;
  document.addEventListener("keydown", (event) => {
    if (event.metaKey || event.ctrlKey || event.altKey || event.isComposing) return;
    const target = event.target;
    if (event.key === "Escape") {
      const menu = document.querySelector("details.menu[open]");
      if (menu) {
        menu.open = false;
        menu.querySelector("summary")?.focus();
      } else if (target instanceof HTMLElement && target.matches("input, textarea")) target.blur();
      return;
    }
    if (target instanceof HTMLElement && target.closest("input, textarea, select, [contenteditable]")) return;
    if (document.querySelector("dialog[open]")) return;
    if (Date.now() - awaitsPlace < 1200) {
      awaitsPlace = 0;
      const link = document.querySelector(`[data-go="${CSS.escape(event.key)}"]`);
      if (link) {
        event.preventDefault();
        link.click();
        return;
      }
    }
    const act = {
      g: () => (awaitsPlace = Date.now()),
      j: () => move(1),
      k: () => move(-1),
      "/": () => document.querySelector("[data-search]")?.focus(),
      "?": () => document.getElementById("keys")?.showModal(),
    }[event.key];
    if (act) {
      event.preventDefault();
      act();
    }
  });

  // On a narrow screen the tab one is on may lie outside the row.
  document.querySelector(".tabs > [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

  showTheme();
})();
