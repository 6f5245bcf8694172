// Opens the dialog named by data-dialog and closes the one around data-dialog-close.
export function click(event) {
  const opener = event.target.closest("[data-dialog]");
  if (opener) {
    document.getElementById(opener.dataset.dialog)?.showModal();
  } else {
    event.target.closest("dialog")?.close();
  }
}
