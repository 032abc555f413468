// The screens after a login is over, one way or another, and how Saoma's answers lead to them.

import { element } from "/phone/assets/dom.js";
import { badge, heading } from "/phone/assets/screens.js";

const BADGES = { cancelled: "cross", expired: "clock", failed: "cross", deleted: "check", used: "warning", unknown: "question" };

export function ended(view, text, act) {
  const words = text[view.kind][view.reason] ?? text.failed.attempt_unknown;
  const tone = view.kind === "used" ? "warn" : "neutral";
  return ending(view.kind, tone, words, text, act, view.reference);
}

export function unknown(view, text, act) {
  return ending("unknown", "neutral", [text.unknown.title, text.unknown.text], text, act);
}

export function error(view, text, act) {
  const left = Math.ceil((view.retryAt - performance.now()) / 1000);
  const detail = view.detail || (view.offline ? text.error.offline : text.error.fallback);
  return [
    element("div", { class: "hero" }, badge("warning", "warn"), heading(text.error.title), element("p", {}, detail)),
    element("div", { class: "foot" },
      element("button", { id: "retry", class: "button primary", type: "button", disabled: left > 0, onclick: act.retry },
        left > 0 ? text.error.retryIn(left) : text.error.retry),
      element("button", { class: "button plain", type: "button", onclick: act.home }, text.scanAnother)),
  ];
}

function ending(kind, tone, [title, sentence], text, act, reference) {
  return [
    element("div", { class: "hero" }, badge(BADGES[kind], tone), heading(title), element("p", {}, sentence)),
    ...(reference ? [
      element("p", { id: "reference", class: "digits reference" }, reference),
      element("p", { class: "footnote" }, text.reference),
    ] : []),
    element("div", { class: "foot" },
      element("button", { class: "button", type: "button", onclick: act.home }, text.scanAnother)),
  ];
}

// The screen for an answer that is not a success. `ours` tells whether this phone held the
// attempt already.
export function screenFor(answer, ours) {
  const { code, reason, detail, retry_in: retryIn } = answer.body;
  switch (code) {
    case "scene_unknown":
    case "scene_malformed":
      return { name: "unknown" };
    case "already_scanned":
      return { name: "ended", kind: "used", reason: "elsewhere" };
    case "already_redeemed":
      return { name: "ended", kind: "used", reason: "redeemed" };
    case "attempt_unknown":
      return { name: "ended", kind: "failed", reason: "attempt_unknown" };
    case "attempt_expired":
      return { name: "ended", kind: "expired", reason: reason ?? (ours ? "not_confirmed" : "not_scanned") };
    case "attempt_cancelled":
      return { name: "ended", kind: "cancelled", reason: reason ?? "by_browser" };
    case "attempt_failed":
      return { name: "ended", kind: "failed", reason: reason ?? "attempt_unknown" };
    case "registration_closed":
      return { name: "ended", kind: "failed", reason: "registration_closed" };
    default:
      return {
        name: "error",
        detail,
        offline: answer.status === 0,
        retryAt: performance.now() + (retryIn ?? 0) * 1000,
      };
  }
}
