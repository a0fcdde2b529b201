/** Elements whose drawing depends on their size. */

/** Calls back with the element's inner size whenever it changes. */
export function watchSize(element, callback) {
  const observer = new ResizeObserver(([entry]) => callback(entry.contentRect));
  observer.observe(element);
  return () => observer.disconnect();
}
