// One tooltip for the page, filled from data-tip; goes away with the pointer, focus or Esc.
const GAP = 8;
const tip = document.createElement("div");
tip.className = "tip";
tip.id = "tip";
tip.setAttribute("role", "tooltip");
tip.popover = "manual";
// Beside the body: a copy of the body with places written into it would break the policy of styles.
document.documentElement.append(tip);
let shown = null;

export function show(holder, event) {
  if (shown === holder) return;
  hide();
  shown = holder;
  tip.textContent = holder.dataset.tip;
  tip.showPopover();
  const box = holder.getBoundingClientRect();
  const own = tip.getBoundingClientRect();
  const middle = event.type === "pointerover" && box.width > 200 ? event.clientX : box.left + box.width / 2;
  const left = Math.max(GAP, Math.min(innerWidth - own.width - GAP, middle - own.width / 2));
  const above = box.top - own.height - GAP;
  tip.style.left = `${left}px`;
  tip.style.top = `${above > GAP ? above : box.bottom + GAP}px`;
  const canSay = holder.matches("a,button,input,select,textarea") && !holder.hasAttribute("aria-describedby");
  if (canSay) holder.setAttribute("aria-describedby", "tip");
}

function hide() {
  if (!shown) return;
  if (shown.getAttribute("aria-describedby") === "tip") shown.removeAttribute("aria-describedby");
  shown = null;
  tip.hidePopover();
}

document.addEventListener("pointerout", (event) => {
  if (shown && !shown.contains(event.relatedTarget)) hide();
});
document.addEventListener("focusout", hide);
document.addEventListener("scroll", hide, { capture: true, passive: true });
document.addEventListener("keydown", (event) => event.key === "Escape" && hide());
