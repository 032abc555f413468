use std::time::Instant;

use super::*;
use crate::{hub::messages::SocketEvent, session::logic::Logic};

fn auth() -> String {
    format!(
        r#"{{"type":"auth","token":"{}"}}"#,
        Secret::random().expose()
    )
}

fn open() -> Logic {
    let (mut logic, first) = Logic::phone(true, Language::En);
    assert!(matches!(
        first,
        Command::Phone(PhoneCommand::Identify(None))
    ));
    let looks = logic.done(Ok(Answer::Done));
    assert!(is_look(&looks));
    let watches = logic.done(Ok(view()));
    assert!(matches!(
        watches[..],
        [Effect::Do(Command::Phone(PhoneCommand::Watch { .. }))]
    ));
    assert!(logic.done(Ok(Answer::Done)).is_empty());
    logic
}

fn view() -> Answer {
    Answer::View(Box::new(PhoneView {
        newest: None,
        followed: None,
        sessions: Vec::new(),
    }))
}

fn is_look(effects: &[Effect]) -> bool {
    matches!(effects, [Effect::Do(Command::Phone(PhoneCommand::View(_)))])
}

fn closes(effects: &[Effect]) -> bool {
    matches!(effects, [Effect::Close(CloseCode::SessionEnded)])
}

#[test]
fn whoever_says_anything_before_who_it_is_is_sent_away() {
    let now = Instant::now();
    for text in [
        r#"{"type":"scan","id":"1"}"#,
        r#"{"type":"auth","token":"short"}"#,
        r#"{"type":"auth"}"#,
        r#"{"type":"dance"}"#,
        "[]",
    ] {
        let (mut logic, _) = Logic::phone(false, Language::En);
        logic.done(Ok(Answer::Done));
        assert!(closes(&logic.text(text, now)), "{text}");
    }
}

#[test]
fn a_token_that_overtakes_the_hub_waits_and_identifies_nobody_by_itself() {
    let (mut logic, first) = Logic::phone(false, Language::En);
    assert!(matches!(first, Command::Phone(PhoneCommand::AwaitToken)));
    let now = Instant::now();
    assert!(logic.text(&auth(), now).is_empty());
    let then = logic.done(Ok(Answer::Done));
    assert!(matches!(
        then[..],
        [Effect::Do(Command::Phone(PhoneCommand::Identify(Some(_))))]
    ));
    assert!(closes(&logic.done(Err(Error::PhoneSessionInvalid))));
}

#[test]
fn calls_wait_for_each_other_and_what_changed_goes_first() {
    let (mut logic, now) = (open(), Instant::now());
    let call = r#"{"type":"cancel","id":7}"#;
    let first = logic.text(call, now);
    assert!(matches!(
        first[..],
        [Effect::Do(Command::Phone(PhoneCommand::Call { .. }))]
    ));
    assert!(logic.text(call, now).is_empty());
    assert!(logic.event(SocketEvent::LookAgain).is_empty());
    assert!(is_look(&logic.done(Ok(Answer::Done))));
    // Once more meanwhile: it is read once more.
    logic.event(SocketEvent::LookAgain);
    logic.done(Ok(view()));
    assert!(is_look(&logic.done(Ok(Answer::Done))));
    logic.done(Ok(view()));
    let then = logic.done(Ok(Answer::Done));
    assert!(matches!(
        then[..],
        [Effect::Do(Command::Phone(PhoneCommand::Call { .. }))]
    ));
}

#[test]
fn saying_again_who_it_is_changes_nothing() {
    let (mut logic, now) = (open(), Instant::now());
    assert!(logic.text(&auth(), now).is_empty());
    assert!(logic.event(SocketEvent::LookAgain).len() == 1);
}
