use std::time::{Duration, Instant};

use uuid::Uuid;

use super::{super::messages::Unsaid, presence::FIRST_WORD, *};
use crate::{login::ids::AttemptId, session::protocol::ServerMessage};

const ABSENT: Duration = Duration::from_secs(6);
const PHONE: SocketId = SocketId(1);
const PAGE: SocketId = SocketId(2);
const NOBODY: Here<'_> = Here {
    present: false,
    sockets: &[],
};
const SOMEBODY: Here<'_> = Here {
    present: true,
    sockets: &[PAGE],
};

fn links() -> Links {
    Links::new(ABSENT)
}

/// What was told to whom, as `(socket, present)`, and how many whispers went out.
fn told(links: &mut Links) -> (Vec<(SocketId, bool)>, usize) {
    let (mut told, mut whispers) = (Vec::new(), 0);
    for effect in links.take_effects() {
        match effect {
            LinkEffect::Tell(socket, SocketEvent::Changed(message)) => {
                let present = match message {
                    ServerMessage::Peer { present, .. }
                    | ServerMessage::Browser { present, .. } => present,
                    other => panic!("{other:?}"),
                };
                told.push((socket, present));
            }
            LinkEffect::Tell(_, event) => panic!("{event:?}"),
            LinkEffect::Whisper(_) => whispers += 1,
        }
    }
    (told, whispers)
}

/// Lets all that is due at this time happen.
fn sweep(links: &mut Links, here: Here<'_>, now: Instant) {
    while let Some(subject) = links.next_due(now) {
        links.settle(subject, here, now);
    }
}

#[test]
fn each_end_hears_at_once_that_the_other_is_there_and_late_that_it_has_gone() {
    let (mut links, start) = (links(), Instant::now());
    let session = Uuid::new_v4();
    let subject = Subject::Session(session);
    links.browser_came(session, PAGE, SOMEBODY, start);
    assert_eq!(told(&mut links), (vec![(PAGE, false)], 0));
    links.phone_came(subject, PHONE, SOMEBODY, start);
    assert_eq!(told(&mut links).0, [(PHONE, true), (PAGE, true)]);

    links.settle(subject, NOBODY, start);
    sweep(&mut links, NOBODY, start + ABSENT / 2);
    assert_eq!(told(&mut links).0, []);
    sweep(&mut links, NOBODY, start + ABSENT);
    assert_eq!(told(&mut links).0, [(PHONE, false)]);
    // Once is enough.
    sweep(&mut links, NOBODY, start + 9 * ABSENT);
    assert_eq!(told(&mut links).0, []);
}

#[test]
fn an_end_that_comes_back_in_time_was_never_missed() {
    let (mut links, start) = (links(), Instant::now());
    let subject = Subject::Attempt(AttemptId::random());
    links.phone_came(subject, PHONE, SOMEBODY, start);
    assert_eq!(told(&mut links).0, [(PHONE, true)]);
    for second in 1..60 {
        let now = start + Duration::from_secs(second);
        let here = if second % 6 == 0 { SOMEBODY } else { NOBODY };
        links.settle(subject, here, now);
        sweep(&mut links, here, now);
    }
    assert_eq!(told(&mut links).0, []);
}

#[test]
fn with_other_instances_nobody_is_called_absent_before_they_could_answer() {
    let (mut links, start) = (links(), Instant::now());
    let (session, other) = (Uuid::new_v4(), Uuid::new_v4());
    let subject = Subject::Session(session);
    links.others_changed(true, start);
    links.take_effects();
    links.phone_came(subject, PHONE, NOBODY, start);
    assert_eq!(told(&mut links), (vec![], 1));
    let heard = start + FIRST_WORD / 2;
    links.heard(other, subject, (Side::Browser, true), NOBODY, heard);
    assert_eq!(told(&mut links).0, [(PHONE, true)]);
    // Said again in time, it stays true; not said any more, it becomes false.
    let again = heard + BELIEVED_FOR / 2;
    links.heard(other, subject, (Side::Browser, true), NOBODY, again);
    sweep(&mut links, NOBODY, again + BELIEVED_FOR / 2);
    assert_eq!(told(&mut links).0, []);
    sweep(&mut links, NOBODY, again + BELIEVED_FOR);
    sweep(&mut links, NOBODY, again + BELIEVED_FOR + ABSENT);
    assert_eq!(told(&mut links).0, [(PHONE, false)]);
}

#[test]
fn who_has_the_other_end_answers_the_phones_instance_and_says_when_it_goes() {
    let (mut links, now) = (links(), Instant::now());
    let (session, other) = (Uuid::new_v4(), Uuid::new_v4());
    let subject = Subject::Session(session);
    links.others_changed(true, now);
    links.take_effects();
    links.heard(other, subject, (Side::Phone, true), SOMEBODY, now);
    assert_eq!(told(&mut links), (vec![(PAGE, true)], 1));
    links.settle(subject, NOBODY, now);
    assert_eq!(told(&mut links), (vec![], 1));
    // The phone goes, and nothing is kept of it.
    links.heard(other, subject, (Side::Phone, false), NOBODY, now);
    assert!(!links.has(subject));
    assert_eq!(links.next_due(now + 9 * ABSENT), None);
}

#[test]
fn nothing_is_said_to_nobody_or_by_a_phone_of_another_pair() {
    let (mut links, now) = (links(), Instant::now());
    let session = Uuid::new_v4();
    let text = || ("hello".to_owned(), String::new());
    let say = |links: &mut Links, from, here| links.say(session, from, text(), here, now);
    assert_eq!(
        say(&mut links, (Side::Browser, PAGE), SOMEBODY),
        Err(Unsaid::PeerAbsent)
    );
    links.phone_came(Subject::Session(session), PHONE, NOBODY, now);
    assert_eq!(
        say(&mut links, (Side::Phone, PHONE), NOBODY),
        Err(Unsaid::PeerAbsent)
    );
    assert_eq!(
        say(&mut links, (Side::Phone, SocketId(9)), SOMEBODY),
        Err(Unsaid::NoSuchPair)
    );
    links.take_effects();
    assert_eq!(say(&mut links, (Side::Phone, PHONE), SOMEBODY), Ok(()));
    assert_eq!(say(&mut links, (Side::Browser, PAGE), SOMEBODY), Ok(()));
    let heard = links.take_effects();
    assert!(
        matches!(
            heard[..],
            [LinkEffect::Tell(PAGE, _), LinkEffect::Tell(PHONE, _)]
        ),
        "{heard:?}"
    );
    links.end(session, true);
    assert_eq!(
        say(&mut links, (Side::Browser, PAGE), SOMEBODY),
        Err(Unsaid::PeerAbsent)
    );
    assert_eq!(
        say(&mut links, (Side::Phone, PHONE), SOMEBODY),
        Err(Unsaid::NoSuchPair)
    );
}

#[test]
fn one_end_says_twenty_things_in_ten_seconds_however_many_tabs_it_has() {
    let (mut links, now) = (links(), Instant::now());
    let session = Uuid::new_v4();
    links.phone_came(Subject::Session(session), PHONE, SOMEBODY, now);
    let mut say = |from| {
        let text = ("hello".to_owned(), String::new());
        links.say(session, from, text, SOMEBODY, now)
    };
    for tab in 0..20 {
        assert_eq!(say((Side::Browser, SocketId(tab))), Ok(()));
    }
    let refused = say((Side::Browser, PAGE));
    assert_eq!(refused, Err(Unsaid::TooMuch(Duration::from_secs(10))));
    // The other end has its own measure.
    assert_eq!(say((Side::Phone, PHONE)), Ok(()));
}
