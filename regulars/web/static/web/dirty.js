// Asks before leaving a page while a form marked data-dirty holds unsaved input.
const dirty = new Set();

// Someone may have typed before this module came.
const isChanged = (control) =>
  control.type === "checkbox" ? control.checked !== control.defaultChecked
    : control.matches("input:not([type=hidden]), textarea") && control.value !== control.defaultValue;
for (const form of document.querySelectorAll("form[data-dirty]")) {
  if ([...form.elements].some(isChanged)) dirty.add(form);
}

document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (form?.matches("[data-dirty]")) dirty.add(form);
});
document.addEventListener("submit", (event) => dirty.delete(event.target));
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.successful) dirty.delete(event.target.closest("form"));
});
window.addEventListener("beforeunload", (event) => {
  const isOpen = [...dirty].some((form) => form.isConnected);
  if (isOpen) event.preventDefault();
});
