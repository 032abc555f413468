// The mini program's screens while a login is under way. Each is made anew from what is known;
// `act` holds what the buttons do.

import { avatar, element, icon } from "/phone/assets/dom.js";

export function loading(view, text) {
  return [
    element("div", { class: "centre" },
      element("span", { class: "spinner", "aria-hidden": "true" }),
      heading(text.loading.title, "quiet")),
  ];
}

export function home(view, text, act) {
  const input = element("input", {
    id: "link", type: "url", inputmode: "url", autocomplete: "off", spellcheck: "false",
    placeholder: text.home.placeholder, value: view.link,
    "aria-invalid": view.problem ? "true" : null, "aria-describedby": "link-problem",
  });
  const submit = (event) => {
    event.preventDefault();
    act.open(input.value);
  };
  return [
    element("div", { class: "hero" }, badge("scan", "accent"), heading(text.home.title),
      element("p", {}, text.home.text)),
    element("form", { class: "card form", novalidate: true, onsubmit: submit },
      element("button", { class: "button primary", type: "button", onclick: () => act.look() }, text.home.look),
      problemLine("look-problem", view.nothing),
      element("label", { for: "link" }, text.home.label), input, problemLine("link-problem", view.problem),
      element("button", { class: "button", type: "submit" }, text.home.open)),
    element("div", { class: "foot" },
      element("button", { id: "devices", class: "button plain", type: "button", onclick: act.devices }, text.devices.title)),
  ];
}

export function pick(view, text, act) {
  const choices = view.users.map((user, index) =>
    element("li", {},
      element("button", { class: "choice", type: "button", onclick: () => act.pick(user.id) },
        avatar(user, index), user.nickname)));
  return [
    element("div", { class: "hero" }, badge("person", "accent"), heading(text.pick.title),
      element("p", {}, text.pick.text)),
    element("ul", { class: "card choices" }, choices),
  ];
}

export function confirm(view, text, act) {
  const { scan } = view;
  const words = text.confirm;
  const told = scan.warnings ?? [];
  const warnings = Object.keys(words.warnings).filter((warning) => told.includes(warning))
    .map((warning) => words.warnings[warning]);
  if (view.changed) warnings.unshift(words.changed);
  const accept = element("button", { class: "button primary", type: "submit", disabled: view.busy }, words.accept);
  const number = scan.check === "number" ? numberEntry(view, words, accept) : null;
  const submit = (event) => {
    event.preventDefault();
    if (!accept.disabled) act.confirm();
  };
  return [
    site(scan, words, warnings.length > 0),
    warnings.length > 0 && element("ul", { class: "warnings" },
      warnings.map((warning) => element("li", {}, icon("warning"), warning))),
    details(view, words),
    element("form", { class: "decision", onsubmit: submit },
      number,
      problemLine("problem", view.problem),
      element("div", { class: "pair" },
        element("button", { class: "button", type: "button", disabled: view.busy, onclick: act.refuse }, words.refuse),
        accept),
      element("p", { class: "footnote" }, words.advice, " ", countdown())),
  ];
}

export function register(view, text, act) {
  const words = text.register;
  const input = element("input", {
    id: "nickname", type: "text", autocomplete: "nickname", maxlength: "32", value: view.nickname,
    "aria-describedby": "nickname-hint problem", oninput: () => (view.nickname = input.value),
  });
  const submit = (event) => {
    event.preventDefault();
    if (!view.busy) act.register(input.value.trim());
  };
  return [
    element("div", { class: "hero" }, badge("person", "accent"), heading(words.title),
      element("p", {}, words.lead(view.scan.site.name))),
    element("form", { class: "decision whole", onsubmit: submit },
      element("div", { class: "card form" },
        element("label", { for: "nickname" }, words.nickname), input,
        element("p", { id: "nickname-hint", class: "hint" }, words.hint)),
      problemLine("problem", view.problem),
      element("div", { class: "pair" },
        element("button", { class: "button", type: "button", disabled: view.busy, onclick: act.refuse }, words.refuse),
        element("button", { class: "button primary", type: "submit", disabled: view.busy }, words.accept)),
      element("p", { class: "footnote" }, countdown())),
  ];
}

export function code(view, text, act) {
  const digits = view.checkCode ?? "";
  return [
    element("div", { class: "hero" }, badge("computer", "accent"), heading(text.code.title),
      element("p", {}, text.code.text)),
    // Read out digit by digit.
    element("p", { class: "digits", "aria-label": Array.from(digits).join(" "), role: "img" }, digits),
    element("p", { class: "footnote" }, text.code.advice, " ", countdown()),
    undo(view, text, act),
  ];
}

export function confirmed(view, text, act) {
  return [
    element("div", { class: "hero" }, badge("computer", "accent waiting"), heading(text.confirmed.title),
      element("p", {}, text.confirmed.text)),
    undo(view, text, act),
  ];
}

export function redeemed(view, text, act) {
  return [
    element("div", { class: "hero" }, badge("check", "good"), heading(text.redeemed.title),
      element("p", {}, text.redeemed.text(view.scan.site.name))),
    element("div", { class: "foot" },
      view.session && element("button", { id: "chat", class: "button primary", type: "button", onclick: () => act.chat(view.session) }, text.chat.open),
      element("button", { class: "button", type: "button", onclick: act.home }, text.redeemed.close),
      element("button", { id: "devices", class: "button plain", type: "button", onclick: act.devices }, text.devices.title)),
  ];
}

// Shared parts.

function undo(view, text, act) {
  return element("div", { class: "foot" }, problemLine("problem", view.problem),
    element("button", { class: "button plain", type: "button", disabled: view.busy, onclick: act.refuse }, text.confirmed.undo));
}

export function heading(words, extra = "") {
  return element("h1", { tabindex: "-1", class: extra }, words);
}

export function badge(name, tone) {
  return element("span", { class: `badge ${tone}` }, icon(name));
}

export function problemLine(id, problem) {
  return element("p", { id, class: "problem", role: "alert" }, problem ?? "");
}

function countdown() {
  return element("span", { id: "countdown", role: "timer", "aria-live": "off" });
}

function site(scan, words, compact) {
  const name = heading(scan.site.name);
  name.prepend(element("span", { class: "visually-hidden" }, `${words.title}: `));
  return element("div", { class: compact ? "site compact" : "site" },
    element("span", { class: "site-icon" }, icon("globe")),
    name,
    element("p", { class: "host" }, scan.site.host),
    element("p", { class: "lead" }, words.lead));
}

function details(view, words) {
  const { browser, requested_at: requestedAt } = view.scan;
  const place = [browser.place, browser.ip].filter(Boolean).join(" · ");
  const rows = [
    [words.browser, browser.name || words.unknown],
    [words.system, browser.os || words.unknown],
    [browser.place ? words.place : words.address, place || words.unknown],
    [words.time, age(requestedAt, words)],
    [words.as, view.user.nickname],
  ];
  return element("dl", { class: "card rows" },
    rows.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value))));
}

function age(requestedAt, words) {
  const minutes = Math.floor((Date.now() - Date.parse(requestedAt)) / 60_000);
  return minutes >= 1 ? words.minutesAgo(minutes) : words.justNow;
}

function numberEntry(view, words, accept) {
  const input = element("input", {
    id: "number", class: "number", type: "text", inputmode: "numeric", pattern: "[0-9]{2}", maxlength: "2",
    autocomplete: "off", value: view.number, "aria-describedby": "problem",
    oninput: () => {
      input.value = input.value.replace(/\D/g, "");
      view.number = input.value;
      accept.disabled = view.busy || view.number.length !== 2;
    },
  });
  accept.disabled = view.busy || view.number.length !== 2;
  return element("div", { class: "card number-entry" },
    element("label", { for: "number" }, words.number), input);
}
