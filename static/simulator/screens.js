// The mini program's pages drawn for a browser, from the views that its own logic makes; `act`
// holds what the buttons do. They show what the real pages' WXML shows.

import { avatar, element, icon } from "/phone/assets/dom.js";
import { linked } from "/phone/assets/links.js";

const BADGES = {
  waiting: ["computer", "accent waiting"],
  done: ["check", "good"],
  not_registered: ["person", "accent"],
  refused: ["cross", "neutral"],
  cancelled: ["cross", "neutral"],
  expired: ["clock", "neutral"],
  not_redeemed: ["clock", "neutral"],
  code_unknown: ["question", "neutral"],
  no_code: ["scan", "accent"],
};

// pages/index/wsLogin

export function login(view, act) {
  if (view.screen === "loading") {
    return [element("div", { class: "centre" },
      element("span", { class: "spinner", "aria-hidden": "true" }), heading(view.title, "quiet"))];
  }
  const { buttons } = view;
  const asks = view.screen === "confirm";
  return [
    asks ? site(view) : hero(...(BADGES[view.screen] ?? ["warning", "warn"]), view.title, view.sentence),
    view.warnings.length > 0 && element("ul", { class: "warnings" },
      view.warnings.map((warning) => element("li", {}, icon("warning"), warning))),
    view.rows.length > 0 && element("dl", { class: "card rows" },
      view.rows.map(({ label, value }) => element("div", {}, element("dt", {}, label), element("dd", {}, value)))),
    // Read out digit by digit.
    view.checkCode && element("p", { class: "digits", "aria-label": Array.from(view.checkCode).join(" "), role: "img" }, view.checkCode),
    view.reference && element("p", { id: "reference", class: "digits reference" }, view.reference),
    asks && form(act.confirm,
      view.asksNumber && numberEntry(view, act),
      problem(view.notice),
      pair(view, button(buttons.refuse, act.refuse, "", view.busy), submit(buttons.confirm, view.busy)),
      hint(view.hint)),
    view.asksNickname && form(() => act.register(document.getElementById("nickname").value),
      nicknameEntry(view.labels.nickname, view.labels.nicknamePlaceholder, "", act.nickname),
      problem(view.notice),
      pair(view, button(buttons.refuse, act.refuse, "", view.busy), submit(buttons.register, view.busy))),
    !asks && !view.asksNickname && element("div", { class: "foot" },
      hint(view.hint), problem(view.notice),
      buttons.retry && button(buttons.retry, act.retry, "primary"),
      buttons.withdraw && button(buttons.withdraw, act.refuse, "plain", view.busy),
      buttons.chat && button(buttons.chat, act.chat),
      buttons.devices && button(buttons.devices, act.devices),
      buttons.close && button(buttons.close, act.close)),
  ];
}

function site(view) {
  const isLong = view.warnings.length > 0;
  return element("div", { class: isLong ? "site compact" : "site" },
    element("span", { class: "site-icon" }, icon("globe")), heading(view.title),
    element("p", { class: "lead" }, view.sentence));
}

function numberEntry(view, act) {
  const input = element("input", {
    id: "number", class: "number", type: "text", inputmode: "numeric", maxlength: "2", autocomplete: "off",
    value: view.number, "aria-describedby": "problem",
    oninput: () => {
      input.value = input.value.replace(/\D/g, "");
      act.type(input.value);
    },
  });
  return element("div", { class: "card number-entry" }, element("label", { for: "number" }, view.labels.number), input);
}

// pages/index/index, and below it what stands in for a camera

export function home(words, view, extra, text, siteName, act) {
  const filled = (sentence) => sentence.replaceAll("{site}", siteName);
  const input = element("input", {
    id: "link", type: "url", inputmode: "url", autocomplete: "off", spellcheck: "false", "data-keep": true,
    placeholder: text.home.placeholder, value: extra.link, "aria-invalid": extra.problem ? "true" : null,
    "aria-describedby": "link-problem",
  });
  return [element("div", { class: "page" },
    hero("scan", "accent", words.title, filled(words.lead)),
    element("div", { class: "foot" }, button(words.scan, act.look, "primary"), problem(extra.nothing, "look-problem")),
    element("ol", { class: "card steps" }, words.steps.map((step) => element("li", {}, filled(step)))),
    element("p", { class: "footnote" }, words.caution),
    devices(view, act),
    element("div", { class: "foot" }, button(words.account, act.account, "", false, "account")),
    element("form", { class: "card form", novalidate: true, onsubmit: (event) => { event.preventDefault(); act.open(input.value); } },
      element("label", { for: "link" }, text.home.label), input, problem(extra.problem, "link-problem"),
      element("button", { class: "button", type: "submit" }, text.home.open)))];
}

function devices(view, act) {
  const { buttons } = view;
  return element("section", { class: "devices" },
    element("h2", {}, view.labels.title),
    view.sentence && element("p", { class: "hint" }, view.sentence),
    view.screen === "loading" && element("p", { class: "hint" }, view.labels.loading),
    told(view.told), problem(view.notice),
    view.devices.length > 0 && element("ul", { class: "sessions" }, view.devices.map((device) => entry(device, view, act))),
    element("div", { class: "foot" },
      view.all.question ? question(view.all.question, view.all.yes, view, act)
        : buttons.all && button(buttons.all, () => act.ask("all", ""), "", view.busy, "all"),
      buttons.show && button(buttons.show, act.show, "", view.busy, "devices"),
      buttons.retry && button(buttons.retry, act.show)));
}

function entry(device, view, act) {
  const { buttons } = view;
  const one = (words, deed) => element("button", {
    id: `${deed}-${device.id}`, class: "button", type: "button", "aria-label": `${words}: ${device.name}`,
    onclick: () => act.ask(deed, device.id),
  }, words);
  return element("li", { class: "card session" },
    element("h3", {}, device.name, device.isNew && element("span", { class: "new" }, view.labels.isNew)),
    element("p", {}, device.where), element("p", { class: "lines" }, device.times),
    device.question ? question(device.question, device.yes, view, act)
      : element("div", { class: "trio" }, one(buttons.report, "report"), one(buttons.end, "end"),
        element("button", { class: "button", type: "button", "aria-label": `${buttons.chat}: ${device.name}`, onclick: () => act.chat(device.id, device.name) }, buttons.chat)));
}

function question(sentence, yes, view, act) {
  return element("div", { class: "question", role: "group", "aria-labelledby": "question" },
    element("p", { id: "question" }, sentence),
    pair(view, button(view.buttons.leave, act.leave, "", view.busy, "leave"), button(yes, act.act ?? act.deleteAccount, "danger", view.busy, "do")));
}

// pages/profile/profile

export function profile(view, act) {
  const { buttons } = view;
  const file = element("input", {
    id: "picture", class: "visually-hidden", type: "file", accept: "image/jpeg,image/png", disabled: view.busy,
    onchange: () => file.files[0] && act.picture(file.files[0]),
  });
  const picture = view.picture ? element("img", { class: "avatar", src: view.picture, alt: "" })
    : element("span", { class: "avatar avatar-0", "aria-hidden": "true" }, view.initial);
  return [element("div", { class: "page" },
    element("div", { class: "hero" }, heading(view.title), element("p", {}, view.sentence)),
    told(view.told), problem(view.notice),
    view.hasForm && form(() => act.save(document.getElementById("nickname").value),
      element("div", { class: "card form" },
        element("label", { class: "portrait", for: "picture" }, picture, view.labels.avatar), file),
      nicknameEntry(view.labels.nickname, view.labels.nicknamePlaceholder, view.nickname, act.nickname),
      submit(buttons.save, view.busy)),
    view.asksDelete && element("div", { class: "card deleting" }, question(view.labels.deleteQuestion, buttons.deleteAccount, view, act)),
    element("div", { class: "foot" },
      buttons.signOut && button(buttons.signOut, act.signOut, "", view.busy),
      buttons.askDelete && button(buttons.askDelete, act.askDelete, "plain", view.busy, "delete"),
      buttons.signIn && button(buttons.signIn, act.open, "primary"),
      buttons.retry && button(buttons.retry, act.open, "primary"),
      buttons.home && button(buttons.home, act.home)))];
}

// pages/chat/chat

export function chat(view, act) {
  const text = element("textarea", {
    id: "text", rows: "2", "aria-label": view.labels.text, placeholder: view.labels.text,
    oninput: () => act.type(text.value),
  }, view.draft);
  return [element("div", { class: "page" },
    element("div", { class: "hero" }, heading(view.title), element("p", {}, view.lead)),
    element("p", { id: "presence", class: view.isThere ? "footnote there" : "footnote", role: "status" }, view.presence),
    view.empty ? element("p", { class: "footnote" }, view.empty)
      : element("ul", { class: "chat" }, view.lines.map((line) => element("li", { class: line.mine ? "mine" : null },
        element("p", { class: "lines" }, linked(line.text)),
        element("p", { class: "hint" }, line.time, line.failed && element("strong", {}, ` · ${line.failed}`))))),
    form(act.send, element("div", { class: "card form" }, text), problem(view.notice), submit(view.buttons.send, false)),
    view.buttons.reconnect && element("div", { class: "foot" }, button(view.buttons.reconnect, act.reconnect)))];
}

// Before the mini program is open: whose phone it is.

export function pick(words, users, act) {
  const choices = users.map((user, index) =>
    element("li", {}, element("button", { class: "choice", type: "button", onclick: () => act.pick(user.id) }, avatar(user, index), user.nickname)));
  return [hero("person", "accent", words.title, words.text), element("ul", { class: "card choices" }, choices)];
}

// Shared parts.

function hero(name, tone, title, sentence) {
  return element("div", { class: "hero" },
    element("span", { class: `badge ${tone}` }, icon(name)), heading(title), element("p", {}, sentence));
}

function heading(words, extra = "") {
  return element("h1", { tabindex: "-1", class: extra }, words);
}

function form(act, ...children) {
  return element("form", { class: "decision", onsubmit: (event) => { event.preventDefault(); act(); } }, ...children);
}

// WeChat's keyboard offers the user's nickname.
function nicknameEntry(label, placeholder, value, offered) {
  const input = element("input", {
    id: "nickname", type: "text", autocomplete: "nickname", maxlength: "32", placeholder, value, "data-keep": true,
    "aria-describedby": "problem", list: "offered",
  });
  const offer = element("datalist", { id: "offered" }, element("option", { value: offered }));
  return element("div", { class: "card form" }, element("label", { for: "nickname" }, label), input, offer);
}

function pair(view, ...buttons) {
  return element("div", { class: "pair" }, ...buttons);
}

function button(words, act, extra = "", isBusy = false, id = null) {
  return element("button", { id, class: `button ${extra}`.trim(), type: "button", disabled: isBusy, onclick: () => act() }, words);
}

function submit(words, isBusy) {
  return element("button", { class: "button primary", type: "submit", disabled: isBusy }, words);
}

function hint(words) {
  return words && element("p", { class: "footnote lines" }, words);
}

function told(words) {
  return words && element("p", { id: "told", class: "told", role: "status", tabindex: "-1" }, words);
}

function problem(words, id = "problem") {
  return element("p", { id, class: "problem", role: "alert" }, words || "");
}
