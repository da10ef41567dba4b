/* What this device keeps, as JSON by name; in the page's memory where storage is refused or full. */

const memory = new Map();

/** The value under a name, or null. */
export function read(name) {
  if (memory.has(name)) return memory.get(name);
  try {
    return JSON.parse(localStorage.getItem(name));
  } catch {
    return null;
  }
}

export function write(name, value) {
  try {
    localStorage.setItem(name, JSON.stringify(value));
    memory.delete(name);
  } catch {
    memory.set(name, value);
  }
}

export function erase(name) {
  memory.delete(name);
  try {
    localStorage.removeItem(name);
  } catch {
    /* Storage is refused: there is nothing to remove. */
  }
}

/** All names that begin with `prefix`, in their order. */
export function namesWith(prefix) {
  let kept = [];
  try {
    kept = Object.keys(localStorage);
  } catch {
    /* Storage is refused: the page's memory is all there is. */
  }
  return [...new Set([...kept, ...memory.keys()])].filter((name) => name.startsWith(prefix)).sort();
}
