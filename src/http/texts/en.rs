//! The pages in English.

use super::{Dashboard, Error, Login, Script, State, Texts, Words};

pub static TEXTS: Texts = Texts {
    login: Login {
        heading: "Log in to {site}",
        code_alt: "Login code: scan it with WeChat",
        digits_label: "The six digits on your phone",
        digits_submit: "Log in",
        not_me: "Not me",
        public_link: "Open {host}",
        tip: "Confirm on your phone only if you opened this page yourself.",
    },
    script: Script {
        states: STATES,
        valid: "Valid for {time}",
        left: "{time} left",
        retry: "Trying again in {time}",
        contested: "Another phone tried to use this code. If that was not you, get a new one.",
        lost: "The server could not keep the last code. Please scan this new one.",
        log_out_failed: "You could not be logged out. Please try again.",
        nobody: "WeChat user",
    },
    dashboard: Dashboard {
        title: "Your account",
        welcome: "Hello, {name}",
        logged_in: "You are logged in.",
        not_me: "Not me",
        this_session: "This session",
        browser: "Browser",
        on: "{browser} on {os}",
        unknown: "Unknown",
        address: "Address",
        since: "Logged in",
        active: "Active",
        log_out: "Log out",
        log_out_failed: "You could not be logged out. Please try again.",
        ended: "Your session has ended",
        ended_detail: "It was ended here or on another device. Please log in again.",
        log_in: "Log in",
        nobody: "WeChat user",
    },
    error: Error {
        not_found: Words {
            title: "There is nothing here",
            detail: "The address may be mistyped, or the page has gone.",
        },
        slow_down: Words {
            title: "Too many requests",
            detail: "A lot came from your network in a short time. Please wait a moment.",
        },
        unavailable: Words {
            title: "Back in a moment",
            detail: "The service is busy or being restarted. Nothing of yours is lost.",
        },
        other: Words {
            title: "That did not work",
            detail: "Please try again. If it goes on, tell us the number below.",
        },
        request: "Request",
        retry: "Trying again in {time}",
        try_again: "Try again",
        home: "To the start page",
    },
    switch: "Language: switch to Chinese",
    no_script: "This page needs JavaScript. Please allow it and load the page again.",
};

const fn state(
    key: &'static str,
    title: &'static str,
    detail: &'static str,
    button: Option<&'static str>,
) -> State {
    State {
        key,
        title,
        detail,
        button,
    }
}

const NEW_CODE: Option<&str> = Some("New code");
const START_OVER: Option<&str> = Some("Use another code");

const STATES: &[State] = &[
    state(
        "connecting",
        "One moment",
        "Your code is being prepared.",
        None,
    ),
    state(
        "pending",
        "Scan with WeChat",
        "Open WeChat, choose Scan, and point your phone at the code.",
        NEW_CODE,
    ),
    state(
        "scanned",
        "Scanned",
        "Now confirm the login on your phone.",
        START_OVER,
    ),
    state(
        "scanned.number",
        "Enter {number} on your phone",
        "Your phone asks for this number before you confirm.",
        START_OVER,
    ),
    state(
        "not_registered",
        "One more step",
        "You have no account here yet. Create it on your phone.",
        START_OVER,
    ),
    state(
        "code_needed",
        "Enter your phone’s code",
        "Your phone shows six digits. Tries left: {tries}.",
        START_OVER,
    ),
    state(
        "code_needed.wrong",
        "That was not right",
        "Please look at your phone again. Tries left: {tries}.",
        START_OVER,
    ),
    state("signing_in", "Confirmed", "You are being logged in.", None),
    state("done", "Welcome, {name}", "You are logged in.", None),
    state(
        "cancelled",
        "Login cancelled",
        "Nobody has been logged in.",
        NEW_CODE,
    ),
    state(
        "cancelled.by_phone",
        "Login refused",
        "It was refused on the phone. Nobody has been logged in.",
        NEW_CODE,
    ),
    state(
        "cancelled.by_browser",
        "Login cancelled",
        "Nobody has been logged in.",
        NEW_CODE,
    ),
    state(
        "cancelled.replaced",
        "Replaced by a newer code",
        "This browser asked for another code in the meantime.",
        NEW_CODE,
    ),
    state(
        "expired",
        "Code expired",
        "Get a new one to log in.",
        NEW_CODE,
    ),
    state(
        "expired.not_scanned",
        "Code expired",
        "Get a new one to log in.",
        NEW_CODE,
    ),
    state(
        "expired.not_confirmed",
        "Time ran out",
        "The login was not confirmed on the phone in time.",
        NEW_CODE,
    ),
    state(
        "expired.not_checked",
        "Time ran out",
        "The six digits were not entered in time.",
        NEW_CODE,
    ),
    state(
        "expired.not_redeemed",
        "Time ran out",
        "This page could not finish the login in time. Please scan again.",
        NEW_CODE,
    ),
    state(
        "expired.tap_needed",
        "Still there?",
        "Get a new code when you are ready to scan.",
        NEW_CODE,
    ),
    state(
        "failed",
        "Login failed",
        "Please scan a new code.",
        NEW_CODE,
    ),
    state(
        "failed.number_wrong",
        "Wrong number",
        "The number entered on the phone was not the one on this page.",
        NEW_CODE,
    ),
    state(
        "failed.code_wrong",
        "Wrong digits",
        "They were wrong three times. Please start again.",
        NEW_CODE,
    ),
    state(
        "failed.registration_closed",
        "No account here",
        "This WeChat user has no account, and new ones are not accepted.",
        NEW_CODE,
    ),
    state(
        "failed.user_blocked",
        "Account blocked",
        "This account may not log in. Please ask the people who run this site.",
        NEW_CODE,
    ),
    state(
        "failed.account_deleted",
        "Account deleted",
        "This account has been deleted.",
        NEW_CODE,
    ),
    state(
        "failed.attempt_lost",
        "Code lost",
        "The server could not keep this code. A new one is on its way.",
        NEW_CODE,
    ),
    state(
        "failed.attempt_unknown",
        "Code no longer known",
        "A new one is on its way.",
        NEW_CODE,
    ),
    state(
        "failed.redeem",
        "Login not finished",
        "Your phone confirmed, but this page could not finish. Please scan again.",
        NEW_CODE,
    ),
    state(
        "failed.image",
        "The code did not load",
        "Please check your connection.",
        Some("Try again"),
    ),
    state(
        "failed.cookies",
        "Cookies are blocked",
        "Allow cookies for this site, so that only this browser can finish the login.",
        Some("Load again"),
    ),
    state(
        "failed.refused",
        "The server refused",
        "Please load it again. A browser extension or proxy may be in the way.",
        Some("Load again"),
    ),
    state(
        "offline",
        "Connection lost",
        "The page reconnects by itself; your login goes on where it was.",
        Some("Try now"),
    ),
    state(
        "unavailable",
        "The server is busy",
        "The page tries again by itself.",
        None,
    ),
    state(
        "unavailable.codes_unavailable",
        "No code right now",
        "WeChat returned none. The page tries again by itself.",
        None,
    ),
    state(
        "unavailable.slow_down",
        "Too many requests",
        "The page tries again by itself.",
        None,
    ),
    state(
        "elsewhere",
        "Open in another tab",
        "This login goes on in the tab that you opened last.",
        Some("Go on here"),
    ),
    state(
        "wrong_address",
        "This is not our address",
        "The code is shown only at {host}, to keep your login safe.",
        None,
    ),
];
