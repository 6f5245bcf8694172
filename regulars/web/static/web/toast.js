// Toasts: a failed request says so and leaves the page as it is; good news fades by itself.
const SHOWN_MS = 8000;

export function failed(event) {
  const holder = document.getElementById("toasts");
  const answer = event.detail.xhr?.responseText ?? "";
  const template = document.createElement("template");
  // Our own error answers are a toast already; anything else gets the page's standing text.
  if (answer.startsWith('<div class="toast')) template.innerHTML = answer;
  else template.innerHTML = document.getElementById("toast-network").innerHTML;
  holder.replaceChildren(template.content);
}

export function fade(toast) {
  let timer = setTimeout(() => toast.remove(), SHOWN_MS);
  toast.addEventListener("pointerenter", () => clearTimeout(timer));
  toast.addEventListener("pointerleave", () => (timer = setTimeout(() => toast.remove(), SHOWN_MS)));
}
