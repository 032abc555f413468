//! When each socket is pinged, and how many at once.

use std::collections::{HashMap, HashSet};

use actix::{Actor, Context, Handler};
use tokio::{sync::mpsc, time::timeout};

use super::*;

const PING: Duration = Duration::from_secs(25);

/// A wheel whose sockets are numbers.
fn wheel_of(sockets: usize, now: Instant) -> (Wheel<usize>, Vec<Place>) {
    let mut wheel = Wheel::new(PING);
    let places = (0..sockets).map(|socket| wheel.add(socket, now)).collect();
    (wheel, places)
}

/// Those whose turn has come.
fn due(wheel: &mut Wheel<usize>, now: Instant) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || wheel.next(now).copied())
}

#[test]
fn sockets_that_open_at_once_are_pinged_once_an_interval_each_few_in_the_same_moment() {
    const SOCKETS: usize = 5_000;
    let now = Instant::now();
    let (mut wheel, _) = wheel_of(SOCKETS, now);
    let mut pinged: HashMap<usize, Vec<Duration>> = HashMap::new();
    let mut most = 0;
    for millis in (0..=75_000).step_by(25) {
        let after = Duration::from_millis(millis);
        let mut at_once = 0;
        for socket in due(&mut wheel, now + after) {
            pinged.entry(socket).or_default().push(after);
            at_once += 1;
        }
        most = at_once.max(most);
    }
    assert!(most <= 10, "{most} at once");
    assert_eq!(pinged.len(), SOCKETS);
    for times in pinged.values() {
        let [first, second, third] = times[..] else {
            panic!("{times:?}");
        };
        assert!(first >= PING / 2 && first <= PING, "{first:?}");
        assert_eq!((first + PING, second + PING), (second, third));
    }
}

#[test]
fn sockets_that_open_at_any_steady_rate_are_pinged_few_at_once() {
    for every in [1, 5, 10, 20, 24, 25, 26, 50, 100, 250].map(Duration::from_millis) {
        let start = Instant::now();
        let (mut wheel, _) = wheel_of(0, start);
        let (mut now, mut opened, mut most) = (start, start, 0);
        while now < start + PING * 3 {
            now += Duration::from_millis(25);
            while opened < now && opened < start + PING * 2 {
                wheel.add(0, opened);
                opened += every;
            }
            most = most.max(due(&mut wheel, now).count());
        }
        // Evenly they would be as many as come in two intervals, in one's thousand slots.
        let even = (PING * 2).div_duration_f64(every) / 1_000.0;
        assert!(
            most as f64 <= even * 1.1 + 1.0,
            "{every:?}: {most}, evenly {even}"
        );
    }
}

#[test]
fn a_sweep_pings_few_of_many_sockets_and_comes_seldom_for_few() {
    for (sockets, sweeps, most) in [(100, 5, 10), (5_000, 7, 70), (19_000, 24, 76)] {
        let start = Instant::now();
        let (mut wheel, _) = wheel_of(sockets, start);
        // By then all have had a turn; all opened at once, so half of the slots are empty.
        let (mut now, mut count) = (start + PING, 0);
        due(&mut wheel, now).for_each(drop);
        while now < start + PING * 2 {
            now += wheel.pause().unwrap();
            let pinged = due(&mut wheel, now).count();
            assert!(pinged <= most, "{pinged} of {sockets} at once");
            count += 1;
        }
        let in_a_second = f64::from(count) / PING.as_secs_f64();
        assert!(in_a_second <= f64::from(sweeps), "{in_a_second}");
    }
}

#[test]
fn sweeps_that_are_always_late_ping_no_more_seldom() {
    let start = Instant::now();
    let (mut wheel, _) = wheel_of(100, start);
    let sweeps = (0..=100_000).step_by(200).map(Duration::from_millis);
    let pings: usize = sweeps
        .map(|after| due(&mut wheel, start + after).count())
        .sum();
    // After half an interval to a whole one the first, then one in each of the next three.
    assert_eq!(pings, 400);
}

#[test]
fn a_late_sweep_hardly_brings_pings_closer_together() {
    let start = Instant::now();
    let (mut wheel, _) = wheel_of(100, start);
    let mut last: HashMap<usize, Instant> = HashMap::new();
    let mut now = start;
    for sweep in 0..1_000 {
        // Now and then the thread, or the whole machine, sleeps for longer than an interval.
        let pause = if sweep % 300 == 200 {
            PING * 3
        } else if sweep % 70 == 60 {
            PING / 3
        } else {
            Duration::from_millis(251)
        };
        now += pause;
        for socket in due(&mut wheel, now) {
            if let Some(before) = last.insert(socket, now) {
                let apart = now - before;
                assert!(apart + Duration::from_millis(250) >= PING, "{apart:?}");
            }
        }
    }
    assert_eq!(last.len(), 100);
    assert!(last.values().all(|last| now - *last < PING * 5));
}

#[test]
fn who_leaves_in_the_middle_of_a_turn_is_pinged_no_more_and_nobody_else_misses_one() {
    const SOCKETS: usize = 5_000;
    let start = Instant::now();
    let (mut wheel, places) = wheel_of(SOCKETS, start);
    let (mut gone, mut pings) = (HashSet::new(), vec![0; SOCKETS]);
    for millis in (0..=75_000).step_by(25) {
        while let Some(&socket) = wheel.next(start + Duration::from_millis(millis)) {
            assert!(!gone.contains(&socket), "{socket}");
            pings[socket] += 1;
            // They were put into 501 slots in turn: each eleventh takes itself out, or another
            // one of its slot before or after it.
            if socket % 11 == 0 {
                let leaves = (socket + [0, 501, SOCKETS - 501][socket % 3]) % SOCKETS;
                wheel.remove(places[leaves]);
                gone.insert(leaves);
            }
        }
    }
    assert!(gone.len() > 200, "{}", gone.len());
    for (socket, pings) in pings.into_iter().enumerate() {
        assert!(pings == 3 || gone.contains(&socket), "{socket}: {pings}");
    }
    for place in places {
        wheel.remove(place);
    }
    assert_eq!(wheel.pause(), None);
}

/// Says when it is pinged.
struct Pinged(mpsc::UnboundedSender<()>);

impl Actor for Pinged {
    type Context = Context<Self>;
}

impl Handler<SocketEvent> for Pinged {
    type Result = ();

    fn handle(&mut self, event: SocketEvent, _: &mut Self::Context) {
        assert!(matches!(event, SocketEvent::PingDue));
        let _ = self.0.send(());
    }
}

#[actix::test]
async fn pings_end_with_the_last_socket_and_begin_again_with_the_next() {
    let pings = Rc::new(Pings::new(Duration::from_millis(50)));
    for _ in 0..2 {
        let (pinged, mut heard) = mpsc::unbounded_channel();
        let socket = Pinged(pinged).start();
        let place = pings.add(socket.downgrade().recipient());
        for _ in 0..3 {
            timeout(PING, heard.recv()).await.unwrap().unwrap();
        }
        pings.remove(place);
        let ended = async {
            while pings.runs.get() {
                yield_now().await;
            }
        };
        timeout(PING, ended).await.unwrap();
        assert!(heard.try_recv().is_err());
    }
}
