"use strict";
(() => {
  const table = document.getElementById("flip-table");
  const form = document.querySelector(".filters");
  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  const kind = document.getElementById("kind");
  const capability = document.getElementById("capability");
  const words = document.getElementById("words");
  const shown = document.getElementById("shown");
  const texts = rows.map((row) => row.textContent.toLowerCase());

  function filter() {
    const wanted = words.value.trim().toLowerCase();
    let count = 0;
    rows.forEach((row, index) => {
      const visible =
        (!kind.value || row.dataset.k === kind.value) &&
        (!capability.value || row.dataset.c === capability.value) &&
        (!wanted || texts[index].includes(wanted));
      row.hidden = !visible;
      count += visible;
    });
    shown.textContent = count === rows.length ? `${count} flips` : `${count} of ${rows.length} flips`;
  }

  const place = new Map(rows.map((row, index) => [row, index]));
  const compare = new Intl.Collator("en", { numeric: true }).compare;
  function sort(header, column) {
    const order = { ascending: "descending", descending: "none" }[header.ariaSort] || "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", order);
    const sign = order === "descending" ? -1 : 1;
    const key = (row) => row.cells[column].textContent;
    const sorted = Array.from(rows).sort((a, b) =>
      order === "none" ? place.get(a) - place.get(b) : sign * compare(key(a), key(b)) || place.get(a) - place.get(b));
    body.append(...sorted);
    for (const other of table.tHead.rows[0].cells) {
      const arrow = { ascending: " ↑", descending: " ↓" }[other.getAttribute("aria-sort")] || "";
      other.querySelector("span").textContent = arrow;
    }
  }

  Array.from(table.tHead.rows[0].cells).forEach((header, column) => {
    const button = document.createElement("button");
    const arrow = document.createElement("span");
    arrow.setAttribute("aria-hidden", "true");
    button.type = "button";
    button.append(header.textContent, arrow);
    button.addEventListener("click", () => sort(header, column));
    header.replaceChildren(button);
  });
  for (const control of [kind, capability]) control.addEventListener("change", filter);
  words.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  filter();
})();
