"use strict";
(() => {
  const form = document.querySelector(".filters");
  const field = (id) => document.getElementById(id);
  const [words, person, kind, unit, destructive, shown] = ["words", "person", "kind", "unit", "destructive", "shown"].map(field);
  const groups = [...document.querySelectorAll("table.changes > tbody")].map((body) => ({
    body,
    kind: body.dataset.kind,
    destructive: body.classList.contains("danger"),
    rows: [...body.querySelectorAll("tr.row")].map((row) => ({
      row,
      text: `${body.dataset.kind} ${row.textContent}`.toLowerCase(),
      who: row.querySelector(".who").textContent.toLowerCase(),
      units: row.dataset.units.split(" "),
    })),
  }));
  const total = groups.reduce((sum, group) => sum + group.rows.length, 0);
  const said = (number) => number.toLocaleString("en-GB");
  const filter = () => {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const whom = person.value.trim().toLowerCase();
    let count = 0;
    for (const group of groups) {
      const open = (!kind.value || kind.value === group.kind) && (!destructive.checked || group.destructive);
      let here = 0;
      for (const one of group.rows) {
        const fits = open && (!unit?.value || one.units.includes(unit.value)) && one.who.includes(whom) &&
          wanted.every((word) => one.text.includes(word));
        one.row.hidden = !fits;
        if (fits) here += 1;
      }
      group.body.hidden = here === 0;
      count += here;
    }
    shown.textContent = count === total ? `${said(total)} change${total === 1 ? "" : "s"}` : `${said(count)} of ${said(total)} changes`;
    field("nothing").hidden = count !== 0;
  };
  let later = 0;
  const soon = () => { clearTimeout(later); later = setTimeout(filter, 120); };
  form.addEventListener("input", soon);
  form.addEventListener("reset", () => setTimeout(filter, 0));
  form.addEventListener("submit", (event) => { event.preventDefault(); filter(); });
  filter();
})();
