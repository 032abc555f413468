// What this phone and a browser that it let in say to each other. Nothing of it is kept.

import { element } from "/phone/assets/dom.js";
import { linked } from "/phone/assets/links.js";
import { heading, problemLine } from "/phone/assets/screens.js";

const MOST_CHARACTERS = 1000;
const MOST_LINES = 200;

export class Chat {
  constructor(phone) {
    this.phone = phone;
    this.lines = new Map();
    this.present = new Map();
  }

  open(session, name) {
    this.phone.channel.open(this.phone.userId);
    this.phone.show({ name: "chat", session, device: name, lines: this.#of(session), draft: "", present: this.#isHere(session) });
  }

  peer({ session, present }) {
    this.present.set(session, present);
    this.#refresh(session);
  }

  heard({ session, from, text, sent_at: sentAt }) {
    if (from === "browser") this.#add(session, { from, text, sentAt });
  }

  // About what was said last.
  failed({ detail }) {
    const { view } = this.phone;
    if (view.name !== "chat") return;
    const last = this.#of(view.session).findLast((line) => line.from === "phone");
    if (last) last.undelivered = true;
    view.problem = detail;
    this.#refresh(view.session);
  }

  lost() {
    this.present.clear();
    if (this.phone.view?.name === "chat") this.#refresh(this.phone.view.session);
  }

  async say() {
    const { view, text: words } = this.phone;
    const text = sayable(view.draft);
    if (text === "") return;
    const tooLong = Array.from(text).length > MOST_CHARACTERS;
    view.problem = tooLong ? words.chat.tooLong : null;
    if (tooLong) return this.#refresh(view.session);
    view.draft = "";
    const line = this.#add(view.session, { from: "phone", text, sentAt: new Date().toISOString() });
    const sent = await this.phone.channel.send({ type: "message", session: view.session, text });
    if (sent) return;
    line.undelivered = true;
    view.problem = words.chat.offline;
    this.#refresh(view.session);
  }

  #of(session) {
    if (!this.lines.has(session)) this.lines.set(session, []);
    return this.lines.get(session);
  }

  #isHere(session) {
    return this.present.get(session) ?? false;
  }

  #add(session, line) {
    const lines = this.#of(session);
    lines.push(line);
    lines.splice(0, lines.length - MOST_LINES);
    this.#refresh(session);
    return line;
  }

  #refresh(session) {
    const { view } = this.phone;
    if (view?.name !== "chat" || view.session !== session) return;
    const typing = document.activeElement?.id === "said";
    this.phone.show({ ...view, present: this.#isHere(session), focus: typing ? "said" : null });
    const log = document.getElementById("chat-log");
    log.scrollTop = log.scrollHeight;
  }
}

export function chat(view, text, act) {
  const words = text.chat;
  const field = element("textarea", {
    id: "said", rows: "1", autocomplete: "off", "aria-label": words.label, placeholder: words.label,
    "aria-describedby": "problem",
    oninput: () => (view.draft = field.value),
    onkeydown: (event) => {
      // While an input method composes, the key chooses a word.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      act.say();
    },
  });
  field.value = view.draft;
  const submit = (event) => {
    event.preventDefault();
    act.say();
  };
  return [
    element("div", { class: "chat-head" }, heading(view.device ?? words.title),
      element("p", { id: "presence", class: view.present ? "presence here" : "presence", role: "status" },
        view.present ? words.here : words.away)),
    element("ol", { id: "chat-log", class: "chat-log", role: "log", "aria-label": words.title, tabindex: "0" },
      view.lines.length === 0 && element("li", { class: "footnote" }, words.note),
      view.lines.map((line) => said(line, words))),
    problemLine("problem", view.problem),
    element("form", { class: "chat-form", onsubmit: submit }, field,
      element("button", { class: "button primary", type: "submit" }, words.send)),
    element("div", { class: "foot chat-foot" },
      element("button", { class: "button plain", type: "button", onclick: act.devices }, text.devices.title)),
  ];
}

function said({ from, text, undelivered }, words) {
  return element("li", { class: `said ${from}` },
    element("span", { class: "visually-hidden" }, from === "phone" ? words.you : words.title, ": "),
    element("p", { dir: "auto" }, linked(text)),
    undelivered && element("span", { class: "undelivered" }, words.undelivered));
}

function sayable(text) {
  const lines = text.replace(/\r\n?/g, "\n").replace(/\t/g, "  ");
  return lines.replace(/(?!\n)\p{Cc}/gu, "").trim();
}
