// Copies the text of the element named by data-copy and says so on the button for a moment.
const SHOWN_MS = 1600;

export async function copy(button) {
  const source = document.querySelector(button.dataset.copy);
  const text = source.value ?? source.textContent;
  try {
    await navigator.clipboard.writeText(text.trim());
  } catch {
    // Without the clipboard's permission the text is at least selected for Ctrl+C.
    getSelection().selectAllChildren(source);
    return;
  }
  const before = button.innerHTML;
  button.textContent = button.dataset.copied;
  button.setAttribute("role", "status");
  setTimeout(() => {
    button.innerHTML = before;
    button.removeAttribute("role");
  }, SHOWN_MS);
}
