// Choosing rows of a list: the box in the heading chooses the whole page, and the bar tells how many.
const boxesOf = (form) => [...form.querySelectorAll("tbody .pick input[type=checkbox]")];

function tell(form) {
  const boxes = boxesOf(form);
  const chosen = boxes.filter((box) => box.checked).length;
  const all = form.querySelector("[data-pick-all]");
  if (all) {
    all.hidden = false;
    all.checked = chosen > 0 && chosen === boxes.length;
    all.indeterminate = chosen > 0 && chosen < boxes.length;
  }
  const told = form.querySelector("[data-chosen]");
  if (told) {
    told.hidden = chosen === 0;
    told.querySelector("b").textContent = chosen;
  }
}

const show = () => document.querySelectorAll("form[data-choose]").forEach(tell);

document.addEventListener("change", (event) => {
  const form = event.target.closest?.("form[data-choose]");
  if (!form) return;
  if (event.target.matches("[data-pick-all]")) {
    boxesOf(form).forEach((box) => { box.checked = event.target.checked; });
  }
  tell(form);
});
document.addEventListener("htmx:load", show);
window.addEventListener("pageshow", show);
show();
