/* Events of a site: speaks like Segment's analytics.js, asks before it knows anybody, keeps what
   could not be sent. Runs in every browser since 2012 and under the strictest policy: nothing is
   evaluated, nothing is written into the page but the visitor's mark on a link to a form of ours.
   The settings follow the last line as JSON. */
(function (settings) {
  "use strict";
  var win = window, doc = document, nav = navigator;
  var YEAR_AND_MONTH_S = 395 * 24 * 3600;
  var QUEUE_MAX = 100, QUEUE_BYTES_MAX = 200000, QUEUE_AGE_MS = 24 * 3600 * 1000;
  var BATCH_MAX = 20, BEACON_BYTES_MAX = 50000, MESSAGE_BYTES_MAX = 30000;
  var WAIT_MS = 300, BACKOFF_MS = 1000, BACKOFF_MAX_MS = 300000;
  var CLICKS = ["gclid", "fbclid", "yclid", "ttclid", "msclkid"];
  var UTM = { utm_source: "source", utm_medium: "medium", utm_campaign: "name",
    utm_term: "term", utm_content: "content" };
  var METHODS = ["identify", "track", "page", "screen", "group", "alias", "reset", "ready",
    "consent"];

  var before = win.analytics;
  if (before && before.isRegulars) { return; }
  var script = doc.currentScript || {};
  var host = settings.host;
  if (script.src) {
    var anchor = doc.createElement("a");
    anchor.href = script.src;
    if (anchor.host) { host = anchor.protocol + "//" + anchor.host; }
  }
  var isAutomatic = !(script.getAttribute && script.getAttribute("data-page") === "off");

  /* Storage that may be forbidden or full: then the memory of the page stands in, and only then,
     or what another tab forgot would live on here. */
  var memory = {};
  function recall(name) {
    if (memory[name] !== undefined) { return memory[name]; }
    try { return win.localStorage.getItem("rg_" + name); } catch (e) { return null; }
  }
  function keep(name, value) {
    try {
      if (value === null) { win.localStorage.removeItem("rg_" + name); }
      else { win.localStorage.setItem("rg_" + name, value); }
      delete memory[name];
    } catch (e) { memory[name] = value; }
  }
  function read(name, fallback) {
    try { return JSON.parse(recall(name)) || fallback; } catch (e) { return fallback; }
  }
  function readCookie(name) {
    var found = new RegExp("(?:^|; )" + name + "=([^;]*)").exec(doc.cookie);
    /* Any page of the domain may have written it, broken too. */
    try { return found ? decodeURIComponent(found[1]) : null; } catch (e) { return null; }
  }
  function writeCookie(name, value, age, domain) {
    doc.cookie = name + "=" + encodeURIComponent(value) + "; path=/; max-age=" + age +
      "; samesite=lax" + (win.location.protocol === "https:" ? "; secure" : "") +
      (domain ? "; domain=" + domain : "");
  }
  /* The widest domain the browser takes a cookie for, so that all parts of a shop know one visitor. */
  function widest() {
    var labels = win.location.hostname.split("."), n, domain;
    for (n = 2; n <= labels.length; n++) {
      domain = labels.slice(-n).join(".");
      writeCookie("rg_try", "1", 60, domain);
      if (readCookie("rg_try")) { writeCookie("rg_try", "", 0, domain); return domain; }
    }
    return "";
  }

  function random() {
    var bytes = [], n, text = "", crypto = win.crypto || win.msCrypto;
    if (crypto && crypto.getRandomValues) { bytes = crypto.getRandomValues(new Uint8Array(16)); }
    for (n = 0; n < 16; n++) {
      var byte = bytes.length ? bytes[n] : Math.floor(Math.random() * 256);
      text += (byte < 16 ? "0" : "") + byte.toString(16);
    }
    return text;
  }
  /* As the server counts: most letters are two bytes there. */
  function bytes(text) {
    try { return unescape(encodeURIComponent(text)).length; } catch (e) { return text.length * 3; }
  }
  function now() { return new Date().toISOString(); }

  /* Consent: the visitor's own word, else the browser's signal, else what the shop has set. */
  function isAllowed() {
    var said = recall("consent");
    if (said === "1") { return true; }
    if (said === "0" || nav.globalPrivacyControl === true) { return false; }
    return settings.consent === "on" ? true : null;
  }

  var visitor = null, domain = null;
  function anonymousId() {
    /* Another tab may have forgotten it meanwhile. */
    var kept = readCookie("rg_id") || recall("id");
    if (!kept || kept !== visitor) { visitor = kept || random(); domain = null; }
    if (domain === null) {
      domain = widest();
      writeCookie("rg_id", visitor, YEAR_AND_MONTH_S, domain);
      keep("id", visitor);
    }
    return visitor;
  }
  function forget() {
    var names = ["id", "user", "first", "last", "queue"], n;
    if (domain === null) { domain = widest(); }
    writeCookie("rg_id", "", 0, domain);
    for (n = 0; n < names.length; n++) { keep(names[n], null); }
    visitor = null; domain = null;
  }

  function parameters() {
    var found = {}, parts = win.location.search.slice(1).split("&"), n, pair;
    for (n = 0; n < parts.length && n < 50; n++) {
      pair = parts[n].split("=");
      try {
        found[pair[0].toLowerCase()] =
          decodeURIComponent((pair[1] || "").replace(/\+/g, " ")).slice(0, 200);
      } catch (e) { /* written by hand */ }
    }
    return found;
  }
  function isOurs(name) {
    return name === win.location.hostname ||
      !!domain && ("." + name).slice(-domain.length - 1) === "." + domain;
  }
  /* How the visitor came, the first time and the last; a page of our own is no coming. */
  function look() {
    var asked = parameters(), touch = {}, campaign = {}, name, n, isTouch = false;
    for (name in UTM) {
      if (asked[name]) { touch[UTM[name]] = campaign[UTM[name]] = asked[name]; isTouch = true; }
    }
    for (n = 0; n < CLICKS.length; n++) {
      if (asked[CLICKS[n]]) { touch[CLICKS[n]] = asked[CLICKS[n]]; isTouch = true; }
    }
    var from = doc.createElement("a");
    from.href = doc.referrer || win.location.href;
    if (!isOurs(from.hostname)) { touch.referrer = doc.referrer; isTouch = true; }
    touch.landing = win.location.href.split("#")[0].slice(0, 500);
    touch.at = now();
    if (isTouch || !recall("first")) {
      if (!recall("first")) { keep("first", JSON.stringify(touch)); }
      keep("last", JSON.stringify(touch));
    }
    return campaign;
  }
  function context() {
    var campaign = look(), found = {
      library: { name: "regulars.js", version: settings.version },
      page: { path: win.location.pathname, referrer: doc.referrer, search: win.location.search,
        title: doc.title, url: win.location.href.split("#")[0] },
      touch: { first: read("first", {}), last: read("last", {}) },
      userAgent: nav.userAgent, locale: nav.language
    };
    if (campaign.source || campaign.name) { found.campaign = campaign; }
    return found;
  }

  /* The queue lives in the browser, so that a page that closes early loses nothing. What was sent
     twice is one event: the server knows each message by its id, for ever. */
  var timer = null, isSending = false, failures = 0, notBefore = 0;
  function queue() {
    var all = read("queue", []), oldest = new Date().getTime() - QUEUE_AGE_MS, kept = [], n;
    for (n = 0; n < all.length; n++) {
      if (new Date(all[n].timestamp).getTime() > oldest) { kept.push(all[n]); }
    }
    return kept;
  }
  function store(messages) {
    var text = JSON.stringify(messages);
    while (messages.length > 1 && (messages.length > QUEUE_MAX || bytes(text) > QUEUE_BYTES_MAX)) {
      messages.shift();
      text = JSON.stringify(messages);
    }
    keep("queue", messages.length ? text : null);
  }
  function drop(messages) {
    var gone = {}, n, left = [], all = queue();
    for (n = 0; n < messages.length; n++) { gone[messages[n].messageId] = true; }
    for (n = 0; n < all.length; n++) { if (!gone[all[n].messageId]) { left.push(all[n]); } }
    store(left);
  }
  function envelope(messages) {
    return JSON.stringify({ writeKey: settings.key, sentAt: now(), batch: messages });
  }
  function later(ms) {
    if (timer) { win.clearTimeout(timer); }
    timer = win.setTimeout(flush, Math.max(ms, notBefore - new Date().getTime()));
  }
  function flush() {
    timer = null;
    var messages = queue().slice(0, BATCH_MAX);
    if (isSending || !messages.length || isAllowed() !== true) { return; }
    isSending = true;
    var request = new XMLHttpRequest();
    request.open("POST", host + "/v1/batch", true);
    /* Plain text needs no question beforehand; the body says that it is JSON. */
    request.setRequestHeader("Content-Type", "text/plain");
    request.onreadystatechange = function () {
      if (request.readyState !== 4) { return; }
      isSending = false;
      var status = request.status;
      if (status >= 200 && status < 300) {
        failures = 0;
        drop(messages);
        if (queue().length) { later(0); }
      } else if (status >= 400 && status < 500 && status !== 408 && status !== 429) {
        drop(messages);
        if (win.console) { win.console.warn("regulars: " + status + " " + request.responseText); }
        if (queue().length) { later(0); }
      } else {
        failures += 1;
        var wait = Math.min(BACKOFF_MS * Math.pow(2, failures - 1), BACKOFF_MAX_MS);
        var asked = status && parseInt(request.getResponseHeader("Retry-After"), 10);
        wait = Math.max(asked * 1000 || 0, wait * (0.5 + Math.random() / 2));
        notBefore = new Date().getTime() + wait;
        later(wait);
      }
    };
    request.send(envelope(messages));
  }
  function leave() {
    var messages = queue(), part = [], n, size = 0;
    if (!messages.length || isAllowed() !== true || !nav.sendBeacon) { return; }
    for (n = 0; n < messages.length && n < BATCH_MAX; n++) {
      size += bytes(JSON.stringify(messages[n]));
      if (size > BEACON_BYTES_MAX) { break; }
      part.push(messages[n]);
    }
    /* They stay in the queue: a beacon tells nobody whether it arrived. */
    nav.sendBeacon(host + "/v1/batch", envelope(part));
  }

  function send(type, fields) {
    var name, message = { type: type, messageId: "rg-" + random(), timestamp: now(),
      anonymousId: anonymousId(), userId: recall("user"), context: context() };
    for (name in fields) { if (fields[name] !== undefined) { message[name] = fields[name]; } }
    if (bytes(JSON.stringify(message)) > MESSAGE_BYTES_MAX) {
      if (win.console) { win.console.warn("regulars: an event is larger than 30 kB"); }
      return;
    }
    store(queue().concat([message]));
    later(WAIT_MS);
  }
  function object(value) { return value && typeof value === "object" ? value : {}; }
  function called(args) {
    var n, last = args[args.length - 1];
    for (n = 0; n < args.length; n++) { if (typeof args[n] === "function") { last = args[n]; } }
    if (typeof last === "function") { win.setTimeout(last, WAIT_MS); }
  }

  var api = {
    identify: function (id, traits) {
      if (id && typeof id === "object") { traits = id; id = null; }
      if (id) { keep("user", String(id)); }
      send("identify", { traits: object(traits) });
    },
    track: function (event, properties) {
      send("track", { event: String(event), properties: object(properties) });
    },
    page: function (category, name, properties) {
      if (category && typeof category === "object") { properties = category; category = name = null; }
      else if (name && typeof name === "object") { properties = name; name = category; category = null; }
      else if (typeof name !== "string") { name = category; category = null; }
      send("page", { category: category || null, name: name || null,
        properties: object(properties) });
    },
    group: function (id, traits) { send("group", { groupId: String(id), traits: object(traits) }); },
    alias: function (id, previous) {
      var old = previous || recall("user") || anonymousId();
      keep("user", String(id));
      send("alias", { userId: String(id), previousId: String(old) });
    },
    reset: function () {
      keep("user", null); keep("first", null); keep("last", null);
      visitor = random(); domain = null; keep("id", visitor);
      writeCookie("rg_id", "", 0, widest());
    }
  };
  api.screen = function (category, name, properties) { api.page(category, name, properties); };

  /* Forms of ours learn who the visitor is only after a yes: a frame that asks is answered, a link
     carries the id and its second (one that is passed on is soon nobody's), a plain form sends it. */
  function isForm(address) { return String(address).indexOf(host + "/f/") === 0; }
  function known() { return isAllowed() === true ? anonymousId() : ""; }
  function follow(event) {
    var link = event.target && event.target.closest && event.target.closest("a[href]"), parts;
    if (!link || !isForm(link.href) || !known()) { return; }
    parts = link.href.replace(/([?&])_visitor=[^&#]*&?/, "$1").split("#");
    parts[0] += (parts[0].indexOf("?") < 0 ? "?" : "&") + "_visitor=" +
      encodeURIComponent(known()) + "." + Math.round(new Date().getTime() / 1000);
    link.href = parts.join("#");
  }
  win.addEventListener("message", function (event) {
    if (event.origin === host && event.source && event.data && event.data.regulars === "form") {
      event.source.postMessage({ visitor: known() }, host);
    }
  });
  doc.addEventListener("click", follow, true);
  doc.addEventListener("auxclick", follow, true);
  doc.addEventListener("formdata", function (event) {
    if (isForm(event.target.action) && known()) { event.formData.set("_visitor", known()); }
  });

  /* Until the visitor has said yes or no, calls wait in the memory of the page and nowhere else. */
  var held = [], ready = [];
  function call(method, args) {
    var allowed = isAllowed();
    if (method === "ready") {
      if (ready === null) { win.setTimeout(args[0], 0); } else { ready.push(args[0]); }
      return analytics;
    }
    if (method === "consent") { decide(object(args[0])); return analytics; }
    if (allowed === null) {
      held.push([method, args]);
      if (held.length > QUEUE_MAX) { held.shift(); }
    } else if (allowed) { api[method].apply(api, args); }
    called(args);
    return analytics;
  }
  function decide(said) {
    if (said.analytics === undefined) { return; }
    var waiting = held, n;
    held = [];
    if (!said.analytics) { forget(); keep("consent", "0"); return; }
    keep("consent", "1");
    for (n = 0; n < waiting.length; n++) { api[waiting[n][0]].apply(api, waiting[n][1]); }
  }

  var analytics = { isRegulars: true, initialize: true, invoked: true, methods: METHODS };
  function offer(method) {
    analytics[method] = function () { return call(method, [].slice.call(arguments)); };
  }
  for (var m = 0; m < METHODS.length; m++) { offer(METHODS[m]); }
  analytics.push = function (entry) {
    var method = entry && entry[0];
    if (METHODS.indexOf(method) >= 0) { call(method, [].slice.call(entry, 1)); }
  };
  analytics.load = function () { return analytics; };
  analytics.user = function () {
    return { id: function () { return recall("user"); },
      anonymousId: function () { return isAllowed() ? anonymousId() : null; } };
  };
  win.analytics = analytics;

  var hasPage = false, k;
  if (before && typeof before.length === "number") {
    for (k = 0; k < before.length; k++) {
      if (before[k] && before[k][0] === "page") { hasPage = true; }
      analytics.push(before[k]);
    }
  }
  if (isAutomatic && !hasPage) { analytics.page(); }
  for (k = 0; k < ready.length; k++) { win.setTimeout(ready[k], 0); }
  ready = null;
  if (queue().length) { later(0); }
  doc.addEventListener("visibilitychange", function () {
    if (doc.visibilityState === "hidden") { leave(); }
  });
  win.addEventListener("pagehide", leave);
  win.addEventListener("online", function () { later(0); });
})({});
