/** All that the console does in the browser: every page works without it, but for parts that refresh themselves. */

const HEADERS = { "X-Live": "1" };

/**
 * Fetches a part of the page anew every few seconds: <section id="players" data-live="" data-every="5">. `data-live` is the address,
 * empty for the page's own; the answer holds an element of the same id, which takes the place of this one's content.
 * A part that comes without `data-live` is finished. A part stands still while the page is not seen, and while somebody is busy in it.
 */
class Live {
  constructor(part) {
    this.part = part;
    this.wait = 1000 * (Number(part.dataset.every) || 5);
    this.failed = 0;
    this.plan();
  }

  plan() {
    setTimeout(() => this.turn(), this.wait * Math.min(2 ** this.failed, 12));
  }

  async turn() {
    if (!this.part.isConnected || !("live" in this.part.dataset)) return;
    if (!document.hidden && !this.busy()) await this.refresh();
    this.plan();
  }

  busy() {
    if (document.querySelector("dialog:is([open], :popover-open)") || this.part.contains(document.activeElement)) return true;
    const chosen = getSelection();
    return chosen !== null && !chosen.isCollapsed && this.part.contains(chosen.anchorNode);
  }

  async refresh() {
    try {
      const answer = await fetch(this.part.dataset.live || location.href, { headers: HEADERS, credentials: "same-origin" });
      if (answer.status === 401 || answer.redirected) return location.reload();
      if (!answer.ok) throw new Error(String(answer.status));
      this.take(await answer.text());
      this.failed = 0;
    } catch {
      this.failed += 1;
    }
    this.part.classList.toggle("is-stale", this.failed > 0);
  }

  take(text) {
    const page = new DOMParser().parseFromString(text, "text/html");
    const fresh = page.getElementById(this.part.id);
    if (!fresh || this.busy()) return;
    if (!("live" in fresh.dataset)) delete this.part.dataset.live;
    if (fresh.innerHTML !== this.part.innerHTML) this.part.replaceChildren(...fresh.childNodes);
  }
}

for (const part of document.querySelectorAll("[data-live]")) new Live(part);

/* One listener for all buttons, as parts of the page come and go. */
document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  const opener = target?.closest("[data-dialog]");
  if (opener) {
    event.preventDefault(); // or it would be a popover, which leaves the page behind it in use
    document.getElementById(opener.dataset.dialog)?.showModal();
  }
  target?.closest("[data-close]")?.closest("dialog")?.close();
  if (target instanceof HTMLDialogElement) target.close(); // its backdrop
  const copier = target?.closest("[data-copy]");
  if (copier) copy(copier);
  if (target?.closest("[data-theme-switch]")) switchTheme();
});

async function copy(button) {
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
  } catch {
    return;
  }
  button.classList.add("is-copied");
  setTimeout(() => button.classList.remove("is-copied"), 1200);
}

function switchTheme() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  document.cookie = `theme=${root.dataset.theme}; path=/; max-age=31536000; samesite=strict${location.protocol === "https:" ? "; secure" : ""}`;
}

/* A form is sent once; a select with data-submit sends its form when it changes. */
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "1";
  event.submitter?.classList.add("is-busy");
});

document.addEventListener("change", (event) => event.target.closest?.("[data-submit]")?.form?.requestSubmit());

/* A page that comes back from the browser's memory can be used again. */
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  for (const button of document.querySelectorAll(".is-busy")) button.classList.remove("is-busy");
});

/* The server's time, which may not be the browser's. */
for (const clock of document.querySelectorAll("[data-clock]")) {
  const ahead = Number(clock.dataset.clock) - performance.now();
  const show = () => {
    clock.textContent = new Date(ahead + performance.now()).toISOString().slice(11, 16);
  };
  setInterval(show, 1000);
}
