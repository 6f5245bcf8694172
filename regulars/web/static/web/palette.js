// The palette: a dialog whose list the server fills; arrows move between its links.
const palette = document.getElementById("palette");
const input = palette.querySelector("input");

export function open() {
  if (palette.open) return;
  document.getElementById("side").hidePopover?.();
  palette.showModal();
  input.focus();
  input.select();
  input.dispatchEvent(new Event("open", { bubbles: true }));
}

palette.addEventListener("keydown", (event) => {
  const links = [...palette.querySelectorAll(".result")];
  const at = links.indexOf(document.activeElement);
  if (event.key === "ArrowDown" && links.length) {
    event.preventDefault();
    links[Math.min(at + 1, links.length - 1)].focus();
  } else if (event.key === "ArrowUp" && at >= 0) {
    event.preventDefault();
    (links[at - 1] ?? input).focus();
  } else if (event.key === "Escape") {
    // A search field would take the first Esc to clear itself.
    event.preventDefault();
    palette.close();
  } else if (event.key === "Enter" && document.activeElement === input && links.length) {
    event.preventDefault();
    links[0].click();
  }
});
