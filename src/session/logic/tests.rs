use super::{login::LoginCommand, *};

fn open() -> (Logic, AttemptId) {
    let attempt = AttemptId::random();
    let (mut logic, first) = Logic::login(None, Language::En);
    assert!(matches!(first, Command::Login(LoginCommand::Begin)));
    logic.done(Ok(told(ticket(attempt, 1))));
    (logic, attempt)
}

fn told(message: ServerMessage) -> Answer {
    Answer::Tell(message)
}

fn ticket(attempt: AttemptId, version: i32) -> ServerMessage {
    let (code_url, source) = ("/codes/x".to_owned(), "live".to_owned());
    ServerMessage::Ticket {
        attempt,
        version,
        code_url,
        expires_in: 120,
        source,
    }
}

fn succeeded(attempt: AttemptId, version: i32) -> SocketEvent {
    SocketEvent::Changed(ServerMessage::LoginSucceeded {
        attempt,
        version,
        expires_in: 60,
    })
}

fn refresh(version: i32) -> String {
    format!(r#"{{"type":"refresh","version":{version},"silent":false}}"#)
}

#[test]
fn news_are_shown_once_and_only_of_the_attempt_that_is_shown() {
    let (mut logic, attempt) = open();
    assert!(logic.event(succeeded(AttemptId::random(), 9)).is_empty());
    assert!(matches!(
        logic.event(succeeded(attempt, 2))[..],
        [Effect::Send(_)]
    ));
    assert!(logic.event(succeeded(attempt, 2)).is_empty());
    assert!(logic.event(succeeded(attempt, 1)).is_empty());
}

#[test]
fn an_answer_older_than_what_was_pushed_meanwhile_is_not_shown() {
    let (mut logic, attempt) = open();
    assert!(matches!(
        logic.text(&refresh(1), Instant::now())[..],
        [Effect::Do(_)]
    ));
    logic.event(succeeded(attempt, 3));
    assert!(logic.done(Ok(told(ticket(attempt, 2)))).is_empty());
}

#[test]
fn commands_run_one_after_the_other() {
    let (mut logic, attempt) = open();
    let now = Instant::now();
    let first = logic.text(&refresh(1), now);
    assert!(matches!(
        first[..],
        [Effect::Do(Command::Login(LoginCommand::Refresh { .. }))]
    ));
    assert!(logic.text(r#"{"type":"cancel"}"#, now).is_empty());
    let then = logic.done(Ok(told(ticket(attempt, 2))));
    assert!(matches!(
        then[..],
        [
            Effect::Send(_),
            Effect::Do(Command::Login(LoginCommand::Cancel(_)))
        ]
    ));
}

#[test]
fn the_twenty_first_message_within_ten_seconds_closes_the_socket() {
    let (mut logic, _) = open();
    let now = Instant::now();
    for _ in 0..20 {
        assert!(matches!(logic.text("7", now)[..], [Effect::Send(_)]));
    }
    assert!(matches!(
        logic.text("7", now)[..],
        [Effect::Close(CloseCode::Policy)]
    ));
    let later = now + std::time::Duration::from_secs(10);
    assert!(matches!(logic.text("7", later)[..], [Effect::Send(_)]));
}

#[test]
fn the_twenty_first_ping_or_unasked_pong_within_ten_seconds_closes_the_socket() {
    let (mut logic, _) = open();
    let now = Instant::now();
    for _ in 0..10 {
        assert!(logic.ping(now).is_none());
        assert!(logic.pong(now).is_none());
    }
    // What answers our own ping is free, and messages have a bound of their own.
    logic.event(SocketEvent::PingDue);
    assert!(logic.pong(now).is_none());
    assert!(matches!(logic.text("7", now)[..], [Effect::Send(_)]));
    for flood in [logic.pong(now), logic.ping(now)] {
        assert!(matches!(flood, Some(Effect::Close(CloseCode::Policy))));
    }
}

#[test]
fn a_socket_that_does_not_read_is_closed_with_4008() {
    let (mut logic, _) = open();
    assert!(matches!(
        logic.event(SocketEvent::TooSlow)[..],
        [Effect::Close(CloseCode::TooSlow)]
    ));
}

#[test]
fn two_pings_without_an_answer_drop_the_connection() {
    let (mut logic, _) = open();
    assert!(matches!(
        logic.event(SocketEvent::PingDue)[..],
        [Effect::Ping]
    ));
    assert!(matches!(
        logic.event(SocketEvent::PingDue)[..],
        [Effect::Ping]
    ));
    assert!(matches!(
        logic.event(SocketEvent::PingDue)[..],
        [Effect::Drop]
    ));
}

#[test]
fn a_pong_starts_the_count_anew() {
    let (mut logic, _) = open();
    for _ in 0..5 {
        assert!(matches!(
            logic.event(SocketEvent::PingDue)[..],
            [Effect::Ping]
        ));
        logic.pong(Instant::now());
    }
}

#[test]
fn after_an_unknown_attempt_a_refresh_begins_a_new_one() {
    let attempt = AttemptId::random();
    let (mut logic, first) = Logic::login(Some(attempt), Language::En);
    assert!(matches!(first, Command::Login(LoginCommand::Resume(id)) if id == attempt));
    let unknown = ServerMessage::Failed {
        attempt,
        version: 0,
        reason: "attempt_unknown",
    };
    assert!(matches!(
        logic.done(Ok(told(unknown)))[..],
        [Effect::Send(_)]
    ));
    let effects = logic.text(&refresh(0), Instant::now());
    assert!(matches!(
        effects[..],
        [Effect::Do(Command::Login(LoginCommand::Begin))]
    ));
}

#[test]
fn a_redeemed_attempt_is_said_and_then_closed() {
    let (mut logic, attempt) = open();
    let event = SocketEvent::Changed(ServerMessage::Redeemed {
        attempt,
        version: 5,
    });
    let effects = logic.event(event);
    assert!(matches!(
        effects[..],
        [Effect::Send(_), Effect::Close(CloseCode::Finished)]
    ));
}

#[test]
fn what_is_not_json_closes_and_what_is_no_message_is_complained_about() {
    let (mut logic, _) = open();
    let now = Instant::now();
    assert!(matches!(
        logic.text("{", now)[..],
        [Effect::Close(CloseCode::Invalid)]
    ));
    let effects = logic.text(r#"{"type":"dance"}"#, now);
    assert!(matches!(
        effects[..],
        [Effect::Send(ServerMessage::Error {
            code: "unknown_message",
            ..
        })]
    ));
}

#[test]
fn a_session_socket_takes_no_messages_and_closes_with_its_session() {
    let mut logic = Logic::session(Language::Zh);
    let effects = logic.text(r#"{"type":"cancel"}"#, Instant::now());
    assert!(matches!(
        effects[..],
        [Effect::Send(ServerMessage::Error { .. })]
    ));
    let effects = logic.event(SocketEvent::SessionEnded);
    assert!(matches!(
        effects[..],
        [Effect::Close(CloseCode::SessionEnded)]
    ));
}

#[test]
fn news_that_come_before_the_first_answer_are_told_after_it() {
    let attempt = AttemptId::random();
    let (mut logic, _) = Logic::login(Some(attempt), Language::En);
    assert!(logic.event(succeeded(attempt, 3)).is_empty());
    let effects = logic.done(Ok(told(ticket(attempt, 2))));
    assert!(matches!(
        effects[..],
        [
            Effect::Send(ServerMessage::Ticket { .. }),
            Effect::Send(ServerMessage::LoginSucceeded { version: 3, .. })
        ]
    ));
}

#[test]
fn a_resume_that_failed_is_tried_again_and_not_given_up() {
    let attempt = AttemptId::random();
    let (mut logic, _) = Logic::login(Some(attempt), Language::En);
    logic.done(Err(Error::Draining));
    let again = logic.text(&refresh(0), Instant::now());
    assert!(
        matches!(again[..], [Effect::Do(Command::Login(LoginCommand::Resume(id)))] if id == attempt)
    );
}
