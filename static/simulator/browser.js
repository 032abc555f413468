// What the phone gets from the browser it runs in: pasted links, and a memory.

// The scene in a pasted link, or the pasted text itself if it looks like one.
export function sceneIn(pasted) {
  if (/^[A-Za-z0-9_-]{1,32}$/.test(pasted)) return pasted;
  try {
    return new URL(pasted).searchParams.get("scene") ?? "";
  } catch {
    return "";
  }
}

// Without storage (a private window), the phone forgets its user between scans.
export function recall(key) {
  try {
    return localStorage.getItem(`saoma-phone-${key}`);
  } catch {
    return null;
  }
}

export function remember(key, value) {
  try {
    localStorage.setItem(`saoma-phone-${key}`, value);
  } catch {
    // Nothing is lost but the convenience.
  }
}
