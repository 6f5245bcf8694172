// The builder's comforts; without them every button still works by sending the form.
// No texts here, and no state that the form does not have.

let pressed = "";

const idOf = (place) => place.replaceAll(".", "-");

// Enter in a field takes the value over instead of saving the segment.
document.addEventListener("keydown", (event) => {
  const field = event.target;
  if (event.key !== "Enter" || !field.matches?.("#rules input")) return;
  event.preventDefault();
  if (field.dataset.append) append(field);
  field.dispatchEvent(new Event("change", { bubbles: true }));
});

document.addEventListener("change", (event) => {
  if (event.target.matches?.("[data-append]")) append(event.target);
});

function append(field) {
  const list = document.querySelector(field.dataset.append);
  const value = field.value.trim();
  if (!list || !value) return;
  const before = list.value.trimEnd();
  list.value = before ? `${before}\n${value}` : value;
  field.value = "";
  list.dispatchEvent(new Event("input", { bubbles: true }));
}

// One open menu at a time, closed by Escape and by a click elsewhere.
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("#rules button[name=do]");
  if (button) pressed = button.value;
  for (const menu of document.querySelectorAll("details.rule-more[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && event.target.closest?.("details.rule-more[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

// What is typed while an answer is on its way stays typed: the answer does not know it yet.
// Not after a removal, for then the places have moved.
let typed = [];
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.target.id !== "rules") return;
  const sent = event.detail.requestConfig.formData;
  const isMoved = pressed.startsWith("del:") || pressed === "undo";
  const fields = isMoved ? [] : event.target.querySelectorAll("input[id]:not([type=radio], [type=checkbox]), textarea[id]");
  typed = [...fields]
    .filter((field) => sent.has(field.name) && sent.get(field.name) !== field.value)
    .map(({ id, name, value, selectionStart }) => ({ id, name, value, selectionStart }));
});
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.target.id !== "rules") return;
  for (const { id, name, value, selectionStart } of typed) {
    const field = document.getElementById(id);
    if (field?.name !== name || field.value === value) continue;
    field.value = value;
    if (field === document.activeElement && field.type === "text") field.setSelectionRange(selectionStart, selectionStart);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  typed = [];
});

// After a condition came or went, the focus follows: into the new one, or to the group's buttons.
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.id !== "rules" || !pressed) return;
  const [verb, ...rest] = pressed.split(":");
  const place = rest.at(-1);
  pressed = "";
  if (verb === "del") {
    const holder = place.split(".").slice(0, -1).filter((step) => !/^[wls]$/.test(step)).join(".");
    document.getElementById(`${idOf(holder)}-did`)?.focus();
    document.getElementById(`${idOf(holder)}-filter`)?.focus();
  } else if (verb === "add") {
    const holder = document.getElementById(idOf(place));
    const parts = ":scope > .rule-row, :scope > .rule-group, :scope > .rule-filter, :scope > .rule-steps > .rule-step";
    const added = [...(holder?.querySelectorAll(parts) ?? [])].at(-1);
    const first = added?.matches(".rule-group") ? added.querySelector(".rule-row") : added;
    first?.querySelector("select, textarea, input:not([type=hidden])")?.focus();
  }
});
