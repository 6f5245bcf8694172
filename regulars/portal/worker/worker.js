// Keeps the account's shell and the customer's card on the phone, and nothing else of theirs.
// The shell is public; the card is put away when its owner signs in and forgotten when they leave.
const SHELL = "shell-1";
const CARD = "card-1";

async function readShell() {
  const answer = await fetch("shell.json", { cache: "no-store" });
  if (!answer.ok) throw new Error("the shell could not be read");
  return answer.json();
}

async function keepShell() {
  const shell = await readShell();
  const cache = await caches.open(SHELL);
  await cache.addAll([...shell.assets, shell.offline]);
  await cache.put("shell.json", new Response(JSON.stringify(shell)));
  const kept = new Set([...shell.assets, shell.offline, new URL("shell.json", self.location).pathname]);
  for (const request of await cache.keys()) {
    if (!kept.has(new URL(request.url).pathname)) await cache.delete(request);
  }
}

async function keptShell() {
  const found = await (await caches.open(SHELL)).match("shell.json");
  return found ? found.json() : null;
}

async function keepCard(answer) {
  const cache = await caches.open(CARD);
  // Led away to the sign-in: whoever was signed in is not any more.
  if (answer.redirected || answer.status === 401 || answer.status === 404) await caches.delete(CARD);
  else if (answer.ok) await cache.put("card", answer.clone());
}

async function navigate(event) {
  const path = new URL(event.request.url).pathname;
  const shell = await keptShell();
  try {
    const answer = await fetch(event.request);
    if (shell && path === shell.card && event.request.method === "GET") await keepCard(answer);
    return answer;
  } catch (fault) {
    if (event.request.method !== "GET" || !shell) throw fault;
    const isCard = path === shell.card || path === shell.home;
    const card = isCard ? await (await caches.open(CARD)).match("card") : undefined;
    return card ?? (await caches.match(shell.offline)) ?? Response.error();
  }
}

async function asset(event) {
  const kept = await (await caches.open(SHELL)).match(event.request, { ignoreVary: true });
  return kept ?? fetch(event.request);
}

self.addEventListener("install", (event) => event.waitUntil(keepShell().then(() => self.skipWaiting())));
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (url.origin !== self.location.origin) return;
  if (event.request.mode === "navigate") event.respondWith(navigate(event));
  else if (event.request.method === "GET" && url.pathname.startsWith("/static/")) event.respondWith(asset(event));
});

self.addEventListener("message", (event) => {
  const { verb, card } = event.data ?? {};
  if (verb === "forget") event.waitUntil(caches.delete(CARD));
  if (verb === "keep" && card) {
    event.waitUntil(fetch(card, { credentials: "same-origin", cache: "no-store" }).then(keepCard, () => {}));
  }
  if (verb === "renew") event.waitUntil(keepShell().catch(() => {}));
});
