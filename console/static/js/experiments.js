// Margins: the number beside a slider follows it at once; the server decides.
"use strict";

(() => {
  const show = (slider) => {
    const output = document.getElementById(slider.dataset.shows);
    if (output) output.textContent = `${slider.value} ${output.dataset.unit}`;
  };
  document.addEventListener("input", (event) => {
    if (event.target instanceof Element && event.target.matches("input[type=range][data-shows]")) show(event.target);
  });
})();
