// The browsers that the user has let in: seen, ended, reported. Everything that cannot be taken
// back is asked once more.

import { element } from "/phone/assets/dom.js";
import { badge, heading, problemLine } from "/phone/assets/screens.js";

export class Devices {
  constructor(phone) {
    this.phone = phone;
    this.wanted = false;
  }

  async open() {
    const { phone } = this;
    phone.show({ name: "loading" });
    const mine = phone.launches;
    const answer = await phone.saoma.sessions(phone.userId);
    if (mine !== phone.launches) return;
    if (!answer.ok) return phone.showProblem(answer);
    phone.show({ name: "devices", sessions: answer.body.sessions });
  }

  // `kind` is `end`, `report`, `all` or `account`; `id` names one session.
  ask(kind, id) {
    const view = { ...this.phone.view, asking: { kind, id }, told: null, problem: null, focus: "keep" };
    this.phone.show(view);
  }

  keep() {
    const { kind, id } = this.phone.view.asking;
    this.phone.show({ ...this.phone.view, asking: null, focus: buttonOf(kind, id) });
  }

  async act() {
    const { phone } = this;
    const { kind, id } = phone.view.asking;
    const answer = await phone.busily(() => this.request(kind, id));
    if (!answer) return;
    // What has gone already is what was wanted.
    if (!answer.ok && answer.status !== 404) return phone.tellProblem(answer);
    if (kind === "account") return phone.end({ name: "ended", kind: "deleted", reason: "account" });
    const sessions = kind === "all" ? [] : phone.view.sessions.filter((session) => session.id !== id);
    phone.show({ name: "devices", sessions, told: kind, focus: "told" });
  }

  request(kind, id) {
    const { saoma, userId } = this.phone;
    if (kind === "account") return saoma.deleteAccount(userId);
    if (kind === "report") return saoma.reportSession(userId, id);
    return saoma.endSession(userId, id);
  }
}

export function devices(view, text, act) {
  const words = text.devices;
  const { sessions } = view;
  const asking = (kind) => view.asking?.kind === kind;
  return [
    element("div", { class: "hero" }, badge("computer", "accent"), heading(words.title),
      element("p", {}, sessions.length > 0 ? words.lead : words.none)),
    view.told && element("p", { id: "told", class: "told", role: "status", tabindex: "-1" }, words.told[view.told]),
    problemLine("problem", view.problem),
    sessions.length > 0 && element("ul", { class: "sessions" },
      sessions.map((session) => entry(session, view, text, act))),
    element("div", { class: "foot" },
      asking("all") ? question(words.ask.all(sessions.length), "all", view, words, act)
        : sessions.length > 1 && button("all", null, view, words, act),
      asking("account") ? question(words.ask.account, "account", view, words, act)
        : button("account", null, view, words, act),
      element("button", { class: "button plain", type: "button", onclick: act.home }, text.scanAnother)),
  ];
}

function entry(session, view, text, act) {
  const words = text.devices;
  const name = nameOf(session, text);
  const asked = view.asking?.id === session.id ? view.asking.kind : null;
  return element("li", { class: "card session" },
    element("h2", {}, name, session.new && element("span", { class: "new" }, words.new)),
    element("p", {}, [session.place, session.ip].filter(Boolean).join(" · ")),
    element("p", {}, words.since(time(session.created_at)), element("br"), words.seen(time(session.last_seen_at))),
    asked ? question(words.ask[asked](name), asked, view, words, act)
      : [
        element("div", { class: "pair" }, button("report", session, view, words, act, name),
          button("end", session, view, words, act, name)),
        element("button", {
          class: "button plain whole", type: "button", "aria-label": `${text.chat.open}: ${name}`,
          onclick: () => act.chat(session.id, name),
        }, text.chat.open),
      ]);
}

function button(kind, session, view, words, act, name) {
  return element("button", {
    id: buttonOf(kind, session?.id), class: kind === "account" ? "button plain" : "button", type: "button",
    disabled: view.busy, "aria-label": name && `${words.act[kind]}: ${name}`,
    onclick: () => act.ask(kind, session?.id),
  }, words.act[kind]);
}

function question(sentence, kind, view, words, act) {
  return element("div", { class: "question", role: "group", "aria-labelledby": "question" },
    element("p", { id: "question" }, sentence),
    element("div", { class: "pair" },
      element("button", { id: "keep", class: "button", type: "button", disabled: view.busy, onclick: act.keep }, words.keep),
      element("button", { id: "do", class: "button danger", type: "button", disabled: view.busy, onclick: act.do }, words.act[kind])));
}

function buttonOf(kind, id) {
  return id ? `${kind}-${id}` : kind;
}

function nameOf({ browser, os }, text) {
  const known = [browser, os].filter((word) => word && word !== "?");
  return known.join(" · ") || text.confirm.unknown;
}

function time(text) {
  const when = new Date(text);
  const { lang } = document.documentElement;
  return Number.isNaN(when.getTime()) ? "" : when.toLocaleString(lang, { dateStyle: "medium", timeStyle: "short" });
}
