/** Tells screen readers what the screen shows by motion and colour. */

let clear = 0;

/** @param {string} text */
export function announce(text) {
  const region = document.getElementById("announcer");
  if (!region) return;
  clearTimeout(clear);
  region.textContent = text;
  // Emptied later, so that the same sentence is read again the next time.
  clear = setTimeout(() => (region.textContent = ""), 8000);
}
