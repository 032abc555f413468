use std::time::{Duration, Instant};

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::hub::messages::{ListAttempts, Poller};

const IDLE: Duration = Duration::from_secs(300);

fn table() -> LoginTable<&'static str> {
    LoginTable::new(Times {
        idle_after_end: IDLE,
        token: Duration::from_secs(5),
        absent_after: Duration::from_secs(6),
    })
}

fn open(table: &mut LoginTable<&'static str>, name: &'static str, now: Instant) -> SocketId {
    let id = SocketId::next();
    table.open(id, name, now);
    id
}

fn list(after: Option<AttemptId>, some: usize, many: usize) -> ListAttempts {
    ListAttempts { after, some, many }
}

fn asked_about(table: &mut LoginTable<&'static str>, now: Instant) -> Vec<Known> {
    table.list_attempts(list(None, 100, 100), now).attempts
}

fn poll(attempt: AttemptId, poller: Poller) -> Wait {
    Wait {
        attempt,
        poller,
        version: 1,
        again: false,
    }
}

#[test]
fn news_of_an_attempt_reach_its_socket_and_no_other() {
    let (mut table, now) = (table(), Instant::now());
    let (mine, other) = (AttemptId::random(), AttemptId::random());
    let my_socket = open(&mut table, "mine", now);
    let other_socket = open(&mut table, "other", now);
    table.register(my_socket, mine, 1, false, now);
    table.register(other_socket, other, 1, false, now);

    assert_eq!(table.change(mine, 2, false, now), Some(my_socket));
    assert_eq!(table.change(AttemptId::random(), 2, false, now), None);
}

#[test]
fn old_news_and_news_heard_twice_reach_nobody() {
    let (mut table, now) = (table(), Instant::now());
    let attempt = AttemptId::random();
    let socket = open(&mut table, "socket", now);
    table.register(socket, attempt, 3, false, now);

    assert_eq!(table.change(attempt, 3, false, now), None);
    assert_eq!(table.change(attempt, 4, false, now), Some(socket));
    assert_eq!(table.change(attempt, 4, false, now), None);
}

#[test]
fn a_newer_socket_of_the_same_attempt_replaces_the_older() {
    let (mut table, now) = (table(), Instant::now());
    let attempt = AttemptId::random();
    let (old, new) = (open(&mut table, "old", now), open(&mut table, "new", now));
    assert_eq!(table.register(old, attempt, 1, false, now), None);
    assert_eq!(table.register(new, attempt, 1, false, now), Some(old));
    assert_eq!(table.change(attempt, 2, false, now), Some(new));
}

#[test]
fn a_socket_without_room_is_told_so_once() {
    let (mut table, now) = (table(), Instant::now());
    let socket = open(&mut table, "socket", now);
    assert_eq!(table.first_overflow(socket), Some(&"socket"));
    assert_eq!(table.first_overflow(socket), None);
}

#[test]
fn a_late_close_of_a_replaced_socket_leaves_the_newer_one_alone() {
    let (mut table, now) = (table(), Instant::now());
    let attempt = AttemptId::random();
    let (old, new) = (open(&mut table, "old", now), open(&mut table, "new", now));
    table.register(old, attempt, 1, false, now);
    table.register(new, attempt, 1, false, now);
    table.close(old, now);
    assert_eq!(table.change(attempt, 2, false, now), Some(new));
}

#[test]
fn a_closed_socket_leaves_nothing_behind() {
    let (mut table, now) = (table(), Instant::now());
    let socket = open(&mut table, "socket", now);
    table.register(socket, AttemptId::random(), 1, false, now);
    let signed_in = open(&mut table, "signed in", now);
    table.register_session(signed_in, Uuid::new_v4(), now);
    table.close(socket, now);
    table.close(signed_in, now);

    assert!(table.len() == 0 && asked_about(&mut table, now).is_empty());
    assert!(table.sessions_here().sessions.is_empty());
    assert_eq!(table.next_due(now + IDLE), None);
}

#[test]
fn when_nothing_has_moved_on_for_two_seconds_an_eighth_is_listed_at_once() {
    let (mut table, now) = (table(), Instant::now());
    let attempts: Vec<_> = (0..40).map(|_| AttemptId::random()).collect();
    for attempt in &attempts {
        let socket = open(&mut table, "socket", now);
        table.register(socket, *attempt, 1, false, now);
    }
    let after = |seconds| now + Duration::from_secs(seconds);
    let listed = |table: &mut LoginTable<_>, (some, many), seconds| {
        let asked = list(None, some, many);
        table.list_attempts(asked, after(seconds)).attempts.len()
    };
    assert_eq!(listed(&mut table, (2, 10), 0), 5);
    assert_eq!(listed(&mut table, (2, 4), 0), 4);
    assert_eq!(listed(&mut table, (6, 4), 0), 6);
    table.change(attempts[0], 2, false, now);
    assert_eq!(listed(&mut table, (2, 10), 1), 2);
    assert_eq!(listed(&mut table, (2, 10), 2), 5);
    table.change(attempts[0], 2, false, after(3));
    assert_eq!(listed(&mut table, (2, 10), 3), 5, "it was no news");
}

#[test]
fn all_that_wait_are_listed_some_at_a_time() {
    let (mut table, now) = (table(), Instant::now());
    let mut attempts: Vec<_> = (0..10).map(|_| AttemptId::random()).collect();
    for attempt in &attempts {
        let socket = open(&mut table, "socket", now);
        table.register(socket, *attempt, 1, false, now);
    }
    attempts.sort_unstable();
    for most in [1, 3, 5, 10, 11] {
        let (mut all, mut after, mut pages, mut parts) = (Vec::new(), None, 0, 0.0);
        loop {
            let listed = table.list_attempts(list(after, most, most), now);
            all.extend(listed.attempts.iter().map(|known| known.id));
            pages += 1;
            parts += listed.part;
            after = listed.more;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(all, attempts);
        assert_eq!(pages, attempts.len().div_ceil(most));
        assert!((parts - 1.0_f64).abs() < 1e-9, "{parts}");
    }
}

#[test]
fn an_attempt_that_is_over_is_not_asked_about_again() {
    let (mut table, now) = (table(), Instant::now());
    let attempt = AttemptId::random();
    let socket = open(&mut table, "socket", now);
    table.register(socket, attempt, 1, false, now);
    assert_eq!(asked_about(&mut table, now).len(), 1);
    table.change(attempt, 2, true, now);
    assert!(asked_about(&mut table, now).is_empty());
}

#[test]
fn a_socket_whose_attempt_ended_is_let_go_after_a_while_but_not_if_it_began_anew() {
    let (mut table, now) = (table(), Instant::now());
    let (done, again) = (AttemptId::random(), AttemptId::random());
    let (left, busy) = (open(&mut table, "left", now), open(&mut table, "busy", now));
    table.register(left, done, 1, false, now);
    table.register(busy, again, 1, false, now);
    table.change(done, 2, true, now);
    table.change(again, 2, true, now);
    table.register(busy, AttemptId::random(), 1, false, now);

    let earlier = now + Duration::from_secs(299);
    assert_eq!(table.next_due(earlier), None);
    assert_eq!(table.next_due(now + IDLE), Some(Due::IdleAfterEnd(left)));
    assert_eq!(table.next_due(now + IDLE), None);
}

#[test]
fn a_change_wakes_both_sides_polls() {
    let (mut table, now) = (table(), Instant::now());
    let attempt = AttemptId::random();
    let mut browser = table.wait(&poll(attempt, Poller::Browser), now).unwrap();
    let mut phone = table.wait(&poll(attempt, Poller::Phone), now).unwrap();
    table.change(attempt, 2, false, now);
    assert_eq!(browser.try_recv(), Ok(Wake::Changed));
    assert_eq!(phone.try_recv(), Ok(Wake::Changed));
}

#[test]
fn a_newer_poll_ends_the_older_and_a_third_within_two_seconds_is_too_many() {
    let (mut table, now) = (table(), Instant::now());
    let attempt = AttemptId::random();
    let mut first = table.wait(&poll(attempt, Poller::Browser), now).unwrap();
    let _second = table.wait(&poll(attempt, Poller::Browser), now).unwrap();
    assert_eq!(first.try_recv(), Ok(Wake::Replaced));
    assert_eq!(
        table
            .wait(&poll(attempt, Poller::Browser), now)
            .unwrap_err(),
        TooManyPolls
    );
    assert!(
        table
            .wait(&poll(attempt, Poller::Browser), now + polls::WINDOW)
            .is_ok()
    );
}

#[test]
fn what_a_poll_knows_is_still_news_to_the_socket() {
    let (mut table, now) = (table(), Instant::now());
    let attempt = AttemptId::random();
    let socket = open(&mut table, "socket", now);
    table.register(socket, attempt, 1, false, now);
    let later = Wait {
        version: 2,
        ..poll(attempt, Poller::Phone)
    };
    let _poll = table.wait(&later, now).unwrap();
    assert_eq!(asked_about(&mut table, now)[0].version, 1);
    assert_eq!(table.change(attempt, 2, false, now), Some(socket));
}

#[test]
fn a_push_that_its_socket_could_not_take_is_found_again() {
    let (mut table, now) = (table(), Instant::now());
    let attempt = AttemptId::random();
    let socket = open(&mut table, "socket", now);
    table.register(socket, attempt, 1, false, now);
    table.change(attempt, 2, true, now);
    table.untold(attempt, 2);
    assert_eq!(asked_about(&mut table, now).len(), 1);
    assert_eq!(table.change(attempt, 2, true, now), Some(socket));
}

#[test]
fn polls_that_went_away_are_forgotten() {
    let (mut table, now) = (table(), Instant::now());
    drop(
        table
            .wait(&poll(AttemptId::random(), Poller::Browser), now)
            .unwrap(),
    );
    let waiting = table
        .wait(&poll(AttemptId::random(), Poller::Browser), now)
        .unwrap();
    assert_eq!(asked_about(&mut table, now + polls::WINDOW).len(), 1);
    drop(waiting);
}

#[derive(Debug, Clone)]
enum Move {
    Open,
    Close(usize),
    Register(usize, usize),
    Change(usize, i32),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        Just(Move::Open),
        (0..6_usize).prop_map(Move::Close),
        (0..6_usize, 0..4_usize).prop_map(|(s, a)| Move::Register(s, a)),
        (0..4_usize, 1..9_i32).prop_map(|(a, v)| Move::Change(a, v)),
    ];
    prop::collection::vec(one, 0..80)
}

proptest! {
    /// Whatever comes in whatever order, a push goes to the socket that
    /// registered last for that attempt and is still there, and to no other.
    #[test]
    fn a_push_goes_to_the_last_registered_open_socket_of_the_attempt(moves in moves()) {
        let (mut table, now) = (table(), Instant::now());
        let attempts: Vec<_> = (0..4).map(|_| AttemptId::random()).collect();
        let mut sockets = Vec::new();
        let mut holder = std::collections::HashMap::new();
        for step in moves {
            match step {
                Move::Open => sockets.push(open(&mut table, "socket", now)),
                Move::Close(s) if s < sockets.len() => {
                    let id = sockets.remove(s);
                    table.close(id, now);
                    holder.retain(|_, held| *held != id);
                }
                Move::Register(s, a) if s < sockets.len() => {
                    table.register(sockets[s], attempts[a], 1, false, now);
                    holder.retain(|_, held| *held != sockets[s]);
                    holder.insert(attempts[a], sockets[s]);
                }
                Move::Change(a, version) => {
                    if let Some(told) = table.change(attempts[a], version, false, now) {
                        prop_assert_eq!(Some(&told), holder.get(&attempts[a]));
                    }
                }
                _ => {}
            }
            for attempt in &attempts {
                prop_assert_eq!(table.socket_of(*attempt), holder.get(attempt).copied());
            }
        }
    }
}

#[test]
fn only_those_who_wait_here_and_know_less_are_behind() {
    let (mut table, now) = (table(), Instant::now());
    let (mine, newer) = (AttemptId::random(), AttemptId::random());
    for (attempt, version) in [(mine, 2), (newer, 5)] {
        let socket = open(&mut table, "socket", now);
        table.register(socket, attempt, version, false, now);
    }
    let told = [(mine, 3), (newer, 5), (AttemptId::random(), 9)];
    let told = told.map(|(id, version)| Known { id, version });
    let behind = table.behind(&told);
    let behind: Vec<_> = behind
        .iter()
        .map(|known| (known.id, known.version))
        .collect();
    assert_eq!(behind, [(mine, 2)]);
}
