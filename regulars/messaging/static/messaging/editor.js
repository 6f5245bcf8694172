// Shows the letter anew while it is written: what stands in the editor is posted into the frame.
const wait = 700;
const editor = document.getElementById("editor");
const look = document.getElementById("look-form");
let timer = 0;

function freshFrame() {
  // A new element each time, or every look would be a step of the Back button.
  const old = document.getElementById("letter-frame");
  const frame = old.cloneNode(false);
  frame.removeAttribute("src");
  old.replaceWith(frame);
}

function show() {
  const letter = new FormData(document.getElementById("letter-form"));
  for (const input of look.querySelectorAll("input[type=hidden]")) {
    if (letter.has(input.name) && input.name !== "csrfmiddlewaretoken") {
      input.value = letter.get(input.name);
    }
  }
  freshFrame();
  look.submit();
}

editor?.addEventListener("input", (event) => {
  if (event.target.id === "test-address") return;
  clearTimeout(timer);
  timer = setTimeout(show, wait);
});
document.getElementById("letter-look")?.addEventListener("click", (event) => {
  event.preventDefault();
  show();
});
