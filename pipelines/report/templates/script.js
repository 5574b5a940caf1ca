// Pages by fragment and sortable tables; the report is complete without this.
"use strict";
(() => {
  document.documentElement.classList.add("js");
  const pages = [...document.querySelectorAll("section.page")];
  const show = () => {
    const wanted = pages.find((page) => "#" + page.id === location.hash) ?? pages[0];
    for (const page of pages) page.hidden = page !== wanted;
    for (const link of document.querySelectorAll("nav a")) {
      if (link.hash === "#" + wanted.id) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  };
  addEventListener("hashchange", () => { show(); scrollTo(0, 0); });
  show();

  const value = (row, column) => {
    const text = row.cells[column].textContent.trim().replace(/[\s\u202f]/g, "").replace("\u2212", "-");
    const number = parseFloat(text);
    return Number.isNaN(number) || !/^[-\d.]/.test(text) ? row.cells[column].textContent.trim() : number;
  };
  for (const table of document.querySelectorAll("table.rows")) {
    const body = table.tBodies[0];
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      if (!head.textContent.trim()) return;
      const button = document.createElement("button");
      button.textContent = head.textContent;
      head.textContent = "";
      head.append(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") !== "descending";
        for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const rows = [...body.rows], totals = rows.filter((row) => row.classList.contains("total"));
        const sorted = rows.filter((row) => !totals.includes(row)).sort((a, b) => {
          const x = value(a, column), y = value(b, column);
          const order = typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y));
          return down ? -order : order;
        });
        body.append(...sorted, ...totals);
      });
    });
  }
})();
