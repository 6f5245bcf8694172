// Asks before leaving a page while a form marked data-dirty holds unsaved input.
const dirty = new Set();

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
