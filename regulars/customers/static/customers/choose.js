// Choosing rows of the list: the box in the heading chooses the whole page.
const show = () => document.querySelectorAll("[data-pick-all]").forEach((box) => { box.hidden = false; });

document.addEventListener("change", (event) => {
  const form = event.target.closest?.("form[data-choose]");
  if (!form) return;
  const boxes = [...form.querySelectorAll("input[name=id]")];
  const all = form.querySelector("[data-pick-all]");
  if (event.target === all) boxes.forEach((box) => { box.checked = all.checked; });
  const chosen = boxes.filter((box) => box.checked).length;
  all.checked = chosen === boxes.length;
  all.indeterminate = chosen > 0 && chosen < boxes.length;
});
document.addEventListener("htmx:load", show);
show();
