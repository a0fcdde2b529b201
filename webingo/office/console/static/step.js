/**
 * Stepping through a round: <a data-swap="step" data-key="ArrowRight"> puts the same part of the page that it leads to in the
 * place of the one that is there, and is followed by its key, too. Without this script it is a link like any other.
 */

async function swap(link) {
  const id = link.dataset.swap;
  const answer = await fetch(link.href, { credentials: "same-origin" });
  if (!answer.ok || answer.redirected) return location.assign(link.href);
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(id);
  const part = document.getElementById(id);
  if (!fresh || !part) return location.assign(link.href);
  const again = document.activeElement === link ? link.dataset.key : "";
  part.replaceChildren(...fresh.childNodes);
  if (again) part.querySelector(`[data-key="${again}"]`)?.focus({ preventScroll: true });
  history.replaceState(null, "", link.href);
}

document.addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest("a[data-swap]") : null;
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  swap(link).catch(() => location.assign(link.href));
});

document.addEventListener("keydown", (event) => {
  const typing = event.target instanceof Element && event.target.closest("input, select, textarea, [contenteditable]");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog:is([open], :popover-open)")) return;
  const link = document.querySelector(`a[data-key="${CSS.escape(event.key)}"]`);
  if (!link) return;
  event.preventDefault();
  link.click();
});
