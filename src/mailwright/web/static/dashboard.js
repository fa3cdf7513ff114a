// What pages do beyond htmx. Everything works without it, only less comfortably.
"use strict";

const local = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const today = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });

// Times arrive as UTC; show the reader's own, short when it is today.
function localTimes(root) {
  for (const time of root.querySelectorAll("time[datetime]:not([title])")) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    time.title = `${time.textContent} (${time.dateTime})`;
    const isToday = at.toDateString() === new Date().toDateString();
    time.textContent = (isToday ? today : local).format(at);
  }
}

// Languages by their names; the server knows only their tags.
const languages = new Intl.DisplayNames(undefined, { type: "language" });
function languageNames(root) {
  for (const tag of root.querySelectorAll("[data-language]:not([title])")) {
    tag.title = tag.textContent;
    try { tag.textContent = languages.of(tag.dataset.language); } catch { /* a tag of one's own */ }
  }
}

// A zone nobody has chosen yet is the reader's own.
function ownZone() {
  const field = document.querySelector("input[data-zone]");
  if (field && !field.value) field.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
}

// A ready-made set of rights ticks its boxes, so that choosing one's own begins with it.
function tickGrants() {
  const grant = document.querySelector("#grant");
  grant?.addEventListener("change", () => {
    const scopes = grant.selectedOptions[0].dataset.scopes?.split(" ");
    if (!scopes) return;
    for (const box of grant.form.querySelectorAll(".scopes input")) {
      box.checked = scopes.includes("*") || scopes.includes(box.name.replace("scope.", ""));
    }
  });
}

// What the value of a condition looks like, as soon as its field is chosen.
document.addEventListener("change", (event) => {
  const hint = event.target.selectedOptions?.[0]?.dataset.hint;
  const value = event.target.closest("tr")?.querySelector('input[name$=".value"]');
  if (hint !== undefined && value) value.placeholder = hint;
});

// The preview follows the words, a moment later.
function livePreview() {
  const button = document.querySelector("button[data-preview]");
  if (!button) return;
  let waiting;
  const refresh = () => { clearTimeout(waiting); waiting = setTimeout(() => button.form.requestSubmit(button), 350); };
  button.form.addEventListener("input", (event) => {
    if (event.target.matches("[data-previewed]")) refresh();
    const shown = document.querySelector(`[data-mirror="${event.target.name}"]`);
    if (shown) shown.textContent = event.target.value || shown.dataset.empty || "";
  });
  button.hidden = true;
  refresh();
}

function move(list, step) {
  const links = [...list.querySelectorAll("a")];
  const at = links.findIndex((link) => link === document.activeElement);
  const from = at >= 0 ? at : links.findIndex((link) => link.getAttribute("aria-current"));
  const next = links[Math.max(0, Math.min(links.length - 1, from + step))];
  if (next) { next.focus(); next.click(); }
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, textarea, select")) return;
  if (event.key === "/") {
    const search = document.querySelector('[data-focus-key="/"]');
    if (search) { event.preventDefault(); search.focus(); }
  }
  const list = document.querySelector("[data-keys]");
  if (list && (event.key === "j" || event.key === "k")) move(list, event.key === "j" ? 1 : -1);
});

// What somebody is writing and has not saved: no other button of the page passes over it unasked.
let unsaved = null;
document.addEventListener("input", (event) => {
  if (event.isTrusted) unsaved = event.target.closest(".compose") ?? unsaved;
});
window.addEventListener("beforeunload", (event) => { if (unsaved) event.preventDefault(); });

function mayGo(form, submitter) {
  const inFrame = submitter?.formTarget || form.target;
  if (inFrame || form.method !== "post") return true;
  if (unsaved && form !== unsaved && !window.confirm("Your changes are not saved. Go on without them?")) return false;
  const question = submitter?.dataset.confirm ?? form.dataset.confirm;
  const counted = form.dataset.confirmWith && document.querySelector(`${form.dataset.confirmWith} strong`);
  const more = counted && counted.parentElement.textContent.trim();
  return !question || window.confirm(more ? `${question}\n${more}` : question);
}

document.addEventListener("submit", (event) => {
  if (!mayGo(event.target, event.submitter)) event.preventDefault();
  else if (!event.submitter?.formTarget && event.target.method === "post") unsaved = null;
});

document.addEventListener("click", (event) => {
  const copy = event.target.closest("[data-copy]");
  if (copy) {
    navigator.clipboard.writeText(document.querySelector(copy.dataset.copy).textContent);
    copy.textContent = "Copied";
  }
  const row = event.target.closest(".rows a");
  if (row) {
    for (const other of row.closest("ol").querySelectorAll("[aria-current]")) other.removeAttribute("aria-current");
    row.setAttribute("aria-current", "true");
    row.classList.remove("new");
    row.closest(".mailbox").classList.add("reading");
  }
});

const localize = (root) => { localTimes(root); languageNames(root); };
new MutationObserver(() => localize(document)).observe(document.body, { childList: true, subtree: true, characterData: true });
localize(document);
ownZone();
tickGrants();
livePreview();
