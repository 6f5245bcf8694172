// The one script of the customer's own account. No texts and no state here: both are the server's.
const { worker, home, card, out } = document.body.dataset;
const isFramed = window.top !== window;

async function startWorker() {
  if (isFramed || !("serviceWorker" in navigator)) return;
  await navigator.serviceWorker.register(worker, { scope: home });
  const ready = await navigator.serviceWorker.ready;
  if (out !== undefined) ready.active.postMessage({ verb: "forget" });
  ready.active.postMessage({ verb: "renew" });
  if (card) ready.active.postMessage({ verb: "keep", card });
}

// The code on the card changes with time; without a connection the lasting one stays.
function turnCard(holder) {
  const everyMs = Number(holder.dataset.everyS) * 1000;
  const renew = async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(holder.dataset.turning, { headers: { Accept: "image/svg+xml" } });
      if (!answer.ok || answer.redirected) throw new Error("no code");
      const drawn = new DOMParser().parseFromString(await answer.text(), "image/svg+xml").documentElement;
      holder.replaceChildren(document.importNode(drawn, true));
      holder.hidden = false;
      document.querySelector("[data-lasting]")?.setAttribute("hidden", "");
    } catch {
      holder.hidden = true;
      document.querySelector("[data-lasting]")?.removeAttribute("hidden");
    }
  };
  renew();
  setInterval(renew, everyMs);
  document.addEventListener("visibilitychange", renew);
}

startWorker().catch(() => {});
const turning = document.querySelector("[data-turning]");
if (turning) turnCard(turning);
for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.querySelector(button.dataset.copy).textContent.trim());
    button.textContent = button.dataset.copied;
  });
}

// Sharing is the phone's own; where there is none, the link is copied or sent by the links beside it.
for (const button of document.querySelectorAll("[data-share]")) {
  if (!navigator.share) continue;
  const { share: url, title, text } = button.dataset;
  button.hidden = false;
  button.addEventListener("click", () => navigator.share({ url, title, text }).catch(() => {}));
}

// A photo that is too large is told at once, not after it travelled; the server checks all the same.
for (const field of document.querySelectorAll("[data-bytes-max]")) {
  field.addEventListener("change", () => {
    const isTooLarge = [...field.files].some((file) => file.size > Number(field.dataset.bytesMax));
    field.setCustomValidity(isTooLarge ? field.dataset.tooLarge : "");
    field.reportValidity();
  });
}
