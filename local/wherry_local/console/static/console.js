// The console's one script: it keeps a page current, sends the form that calls a function without
// leaving the page, and lets times grow old. A page is always made by the server; what is fetched is
// the same page again, and of it only what differs is put in place, so that nothing flickers, focus
// and selection stay, and no text ever becomes markup here. Without this script every page works.

const SETTLE_MS = 400;
const RETRY_MS = 2000;

const main = document.querySelector("main");
const live = document.getElementById("live");
const said = document.getElementById("live-state");
const pause = document.getElementById("live-pause");
const news = document.getElementById("news");

// What differs --------------------------------------------------------------------------------

const isTyped = (node) => node.matches("textarea, select, input:not([type=hidden])");

// A form's `id` may be its field of that name.
const idOf = (node) => node?.getAttribute?.("id") ?? "";

function isSame(old, fresh) {
  return old.nodeType === fresh.nodeType && old.nodeName === fresh.nodeName && idOf(old) === idOf(fresh);
}

function update(old, fresh) {
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
    return;
  }
  if (isTyped(old)) return; // what somebody has typed is theirs
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && !isKept(old, name)) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value && !isKept(old, name)) old.setAttribute(name, value);
  }
  updateChildren(old, fresh);
}

function isKept(node, name) {
  return (node.nodeName === "DETAILS" && name === "open") || (node.nodeName === "BUTTON" && name === "hidden");
}

function updateChildren(old, fresh) {
  const known = new Map([...old.children].filter(idOf).map((each) => [idOf(each), each]));
  const wanted = new Set([...fresh.children].map(idOf).filter(Boolean));
  let place = old.firstChild;
  for (const next of [...fresh.childNodes]) {
    while (idOf(place) && !wanted.has(idOf(place))) place = remove(place);
    const found = idOf(next) ? known.get(idOf(next)) : place && isSame(place, next) ? place : null;
    if (!found || found.nodeName !== next.nodeName) {
      old.insertBefore(document.importNode(next, true), place);
      continue;
    }
    // To move it would take the focus from it, so what stands before it and is gone goes first.
    if (idOf(next) && !isWantedBefore(place, found, wanted)) while (place !== found) place = remove(place);
    if (found === place) place = place.nextSibling;
    else old.insertBefore(found, place);
    update(found, next);
  }
  while (place) place = remove(place);
}

function isWantedBefore(place, found, wanted) {
  let each = place;
  while (each && each !== found && !(idOf(each) && wanted.has(idOf(each)))) each = each.nextSibling;
  return each !== found;
}

function remove(node) {
  const next = node.nextSibling;
  node.remove();
  return next;
}

function show(text) {
  const page = new DOMParser().parseFromString(text, "text/html");
  const fresh = page.querySelector("main");
  if (!fresh) return;
  const logs = [...main.querySelectorAll("[data-tail]")].filter(isAtEnd);
  const before = new Set([...main.querySelectorAll(".event")].map(idOf));
  if (document.title !== page.title) document.title = page.title;
  update(main, fresh);
  logs.forEach(toEnd);
  const added = [...main.querySelectorAll(".event")].filter((each) => !before.has(idOf(each))).length;
  if (added && main.dataset.news) news.textContent = `${added} new ${main.dataset.news}${added > 1 ? "s" : ""}`;
  enhance();
}

// Logs stay at their end, where somebody has not scrolled away from it ----------------------------

const isAtEnd = (log) => log.scrollHeight - log.scrollTop - log.clientHeight < 8;
const toEnd = (log) => { log.scrollTop = log.scrollHeight; };

// Times grow old ----------------------------------------------------------------------------------

const UNITS = [[172800, 86400, "d"], [7200, 3600, "h"], [120, 60, "min"], [0, 1, "s"]];

export function relative(seconds) {
  const size = Math.abs(seconds);
  if (size < 1) return "now";
  const [, unit, name] = UNITS.find(([least]) => size >= least);
  const amount = `${Math.floor(size / unit)} ${name}`;
  return seconds > 0 ? `${amount} ago` : `in ${amount}`;
}

function age() {
  for (const time of document.querySelectorAll("time[data-ago]")) {
    const text = relative((Date.now() - Date.parse(time.dateTime)) / 1000);
    if (time.textContent !== text) time.textContent = text;
  }
}

// Staying current ---------------------------------------------------------------------------------

let paused = false;
let asked = null; // the request that is under way
let timer = 0;
let following = null;

const isWatched = () => !paused && !document.hidden;
const isLive = () => "every" in main.dataset || "follow" in main.dataset;

function tell(text) {
  if (said.textContent !== text) said.textContent = text;
}

async function refresh() {
  if (asked) return soon(SETTLE_MS);
  asked = new AbortController();
  let text = "";
  try {
    const answer = await fetch(location.href, { cache: "no-store", signal: asked.signal });
    if (answer.ok) text = await answer.text();
    else tell(answer.status === 401 ? "Signed out: reload the page" : `Not current: ${answer.status}`);
  } catch (error) {
    if (error.name !== "AbortError") tell("Not current: no answer from the platform");
  } finally {
    asked = null;
  }
  if (text) {
    tell("Live");
    show(text);
  }
}

function soon(afterMs) {
  if (timer || !isWatched()) return;
  timer = setTimeout(async () => {
    timer = 0; // what changes from here on is for the next time
    await refresh();
    again();
  }, afterMs);
}

function again() {
  if (isWatched() && "every" in main.dataset) soon(Number(main.dataset.every) * 1000);
}

// Whatever comes on the stream says only that the page has changed; the page says how.
async function follow() {
  const mine = (following = new AbortController());
  while (following === mine && isWatched() && "follow" in main.dataset) {
    try {
      const answer = await fetch(main.dataset.follow, { signal: mine.signal });
      if (!answer.ok || !answer.body) throw new Error(String(answer.status));
      soon(SETTLE_MS); // what happened between the page and this
      const reader = answer.body.getReader();
      while (!(await reader.read()).done) soon(SETTLE_MS);
    } catch (error) {
      if (error.name === "AbortError") return;
      tell("Not current: no answer from the platform");
    }
    await new Promise((wake) => setTimeout(wake, RETRY_MS));
  }
}

function start() {
  live.hidden = !isLive();
  if (live.hidden) return;
  tell("Live");
  again();
  if ("follow" in main.dataset) follow();
}

function stop() {
  clearTimeout(timer);
  timer = 0;
  asked?.abort();
  following?.abort();
  following = null;
}

pause.addEventListener("click", () => {
  paused = !paused;
  pause.setAttribute("aria-pressed", String(paused));
  if (paused) {
    stop();
    tell("Paused");
  } else {
    soon(0);
    start();
  }
});

document.addEventListener("visibilitychange", () => {
  if (paused) return;
  if (document.hidden) {
    stop();
  } else {
    soon(0);
    start();
  }
});

// The form that calls a function ------------------------------------------------------------------

document.addEventListener("submit", async (event) => {
  const { target: form, submitter } = event;
  if (!form.matches("[data-inline]")) return;
  event.preventDefault();
  if (submitter?.getAttribute("aria-busy") === "true") return;
  submitter?.setAttribute("aria-busy", "true");
  news.textContent = "Calling";
  stop();
  try {
    const answer = await fetch(form.getAttribute("action"), { method: "POST", body: new URLSearchParams(new FormData(form, submitter)) });
    if (answer.redirected) history.replaceState(null, "", answer.url);
    show(await answer.text());
    const title = document.getElementById("answer");
    title?.scrollIntoView({ block: "nearest" });
    news.textContent = main.querySelector(".refusal, .status-line")?.textContent ?? "";
  } catch {
    news.textContent = "No answer from the platform";
    tell("Not current: no answer from the platform");
  } finally {
    submitter?.setAttribute("aria-busy", "false");
    if (!paused) start();
  }
});

// Copying -----------------------------------------------------------------------------------------

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
  news.textContent = "Copied";
});

function enhance() {
  if (!navigator.clipboard) return;
  for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;
}

document.querySelectorAll("[data-tail]").forEach(toEnd);
enhance();
setInterval(age, 1000);
start();
