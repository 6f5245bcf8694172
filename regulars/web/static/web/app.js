// The one script of every page: listens on the document and loads a behaviour when it is needed.
// No texts here: they come from the page. No state that the server does not have.

const load = (name) => import(`./${name}.js`);

document.addEventListener("click", (event) => {
  const at = (selector) => event.target.closest?.(selector);
  if (at("[data-dialog],[data-dialog-close]")) load("dialog").then((m) => m.click(event));
  else if (event.target.matches?.("dialog.dialog")) event.target.close();
  if (at("[data-dialog],[data-palette]")) event.preventDefault();
  if (at("[data-palette]")) load("palette").then((m) => m.open());
  if (at("[data-copy]")) load("copy").then((m) => m.copy(at("[data-copy]")));
  at("[data-toast-close]")?.closest(".toast").remove();
});

document.addEventListener("submit", (event) => {
  if (event.target.matches("[data-theme-form]") && event.submitter) {
    event.preventDefault();
    load("theme").then((m) => m.choose(event.target, event.submitter.value));
  }
});

for (const kind of ["pointerover", "focusin"]) {
  document.addEventListener(kind, (event) => {
    const holder = event.target.closest?.("[data-tip]");
    if (holder) load("tooltip").then((m) => m.show(holder, event));
  });
}

document.addEventListener("keydown", (event) => {
  const isFind = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k";
  if (isFind && document.getElementById("palette")) {
    event.preventDefault();
    load("palette").then((m) => m.open());
  } else if ("keys" in document.body.dataset) {
    load("keys").then((m) => m.press(event));
  }
});

document.querySelector(".nav [aria-current]")?.scrollIntoView({ block: "nearest" });
if (document.querySelector("form[data-dirty]")) load("dirty");
document.addEventListener("htmx:load", (event) => {
  if (event.target.querySelector?.("form[data-dirty]")) load("dirty");
});

for (const kind of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
  document.addEventListener(kind, (event) => load("toast").then((m) => m.failed(event)));
}

document.querySelectorAll(".toast.good, .toast.info").forEach((toast) => {
  load("toast").then((m) => m.fade(toast));
});
