// Keys for the whole page: "/" to the list's search, "g" and a letter to a page, "?" for the list.
const CHORD_MS = 1200;
let chordUntil = 0;

export function press(event) {
  const isTyping = event.target.closest("input,textarea,select,[contenteditable]");
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.timeStamp < chordUntil) {
    chordUntil = 0;
    document.querySelector(`[data-go="${CSS.escape(event.key.toLowerCase())}"]`)?.click();
  } else if (event.key === "g") {
    chordUntil = event.timeStamp + CHORD_MS;
  } else if (event.key === "/") {
    const search = document.querySelector("main input[type=search]");
    if (!search) return;
    event.preventDefault();
    search.focus();
    search.select();
  } else if (event.key === "?") {
    document.getElementById("shortcuts")?.showModal();
  }
}
