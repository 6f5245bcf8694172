// Draws the changing code anew while the page stays; a card that is no longer used says so.
const box = document.querySelector("[data-turns]");

async function turn() {
  const answer = await fetch(location.href, { cache: "no-store" }).catch(() => null);
  if (!answer?.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector("[data-turns]");
  if (fresh) box.replaceChildren(...fresh.childNodes);
  else location.reload();
}

if (box) setInterval(turn, Number(box.dataset.turns) * 1000);
