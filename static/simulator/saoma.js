// What the phone can say to Saoma, through the simulator's own endpoints.

// Longer than the server's own limit of 30 s, so that its sentence is the one that is shown.
const PATIENCE_MS = 35_000;

export class Saoma {
  constructor(language) {
    this.language = language;
  }

  scan(user, scene, entryScene) {
    return this.#post("scan", { user, scene, entry_scene: entryScene });
  }

  confirm(user, nonce, number) {
    return this.#post("confirm", { user, nonce, number });
  }

  cancel(user, nonce) {
    return this.#post("cancel", { user, nonce });
  }

  register(user, nickname) {
    return this.#post("register", { user, nickname });
  }

  sessions(user) {
    return this.#send(`sessions?${new URLSearchParams({ user })}`, {});
  }

  // One of the user's sessions, or without an id all of them.
  endSession(user, id) {
    return this.#post("sessions/end", { user, id });
  }

  reportSession(user, id) {
    return this.#post("sessions/report", { user, id });
  }

  deleteAccount(user) {
    return this.#post("account/delete", { user });
  }

  newest() {
    return this.#send("newest", {});
  }

  addUser(nickname) {
    return this.#post("users", { nickname });
  }

  // Answers when the attempt changes, with status 204 when it has not for 25 s.
  attempt(user, attempt, afterVersion, signal) {
    const query = new URLSearchParams({ user, attempt });
    if (afterVersion !== null) query.set("after_version", afterVersion);
    return this.#send(`attempt?${query}`, { signal });
  }

  #post(action, body) {
    return this.#send(action, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
  }

  // Never throws: `status` is 0 when there was no answer, and -1 when the caller gave up.
  async #send(path, options) {
    const controller = new AbortController();
    const giveUp = () => controller.abort();
    const limit = setTimeout(giveUp, PATIENCE_MS);
    options.signal?.addEventListener("abort", giveUp);
    const { signal } = controller;
    const headers = { ...options.headers, "Accept-Language": this.language };
    try {
      const response = await fetch(`/phone/${path}`, { ...options, headers, signal });
      const text = await response.text();
      return { status: response.status, body: parse(text), ok: response.ok };
    } catch {
      return { status: options.signal?.aborted ? -1 : 0, body: {}, ok: false };
    } finally {
      clearTimeout(limit);
      options.signal?.removeEventListener("abort", giveUp);
    }
  }
}

function parse(text) {
  try {
    const body = JSON.parse(text);
    return body !== null && typeof body === "object" ? body : {};
  } catch {
    return {};
  }
}
