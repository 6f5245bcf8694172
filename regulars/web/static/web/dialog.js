// Opens the dialog named by data-dialog and closes the one around data-dialog-close.
export function click(event) {
  const opener = event.target.closest("[data-dialog]");
  if (opener) {
    const dialog = document.getElementById(opener.dataset.dialog);
    dialog?.showModal();
    dialog?.querySelector("form :is(input:not([type=hidden], [type=radio]), select, textarea)")?.focus();
  } else {
    event.target.closest("dialog")?.close();
  }
}
