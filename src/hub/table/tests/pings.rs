//! When each socket is pinged, and how many at once.

use super::*;

#[test]
fn sockets_that_open_at_once_are_pinged_once_an_interval_each_few_in_the_same_moment() {
    const SOCKETS: usize = 5_000;
    let (mut table, now) = (table(), Instant::now());
    let sockets: Vec<_> = (0..SOCKETS).map(|_| table.open("socket", now)).collect();
    let mut pinged: HashMap<SocketId, Vec<Duration>> = HashMap::new();
    let mut most = 0;
    for millis in (0..=75_000).step_by(25) {
        let after = Duration::from_millis(millis);
        let mut at_once = 0;
        while let Some(Due::Ping(id)) = table.next_due(now + after) {
            pinged.entry(id).or_default().push(after);
            at_once += 1;
        }
        most = at_once.max(most);
    }
    assert!(most <= 10, "{most} at once");
    assert_eq!(pinged.len(), SOCKETS);
    for socket in sockets {
        let [first, second, third] = pinged[&socket][..] else {
            panic!("{:?}", pinged[&socket]);
        };
        assert!(first >= PING / 2 && first <= PING, "{first:?}");
        assert_eq!((first + PING, second + PING), (second, third));
    }
}

#[test]
fn sockets_that_open_at_any_steady_rate_are_pinged_few_at_once() {
    for every in [1, 5, 10, 20, 24, 25, 26, 50, 100, 250].map(Duration::from_millis) {
        let (mut table, start) = (table(), Instant::now());
        let (mut now, mut opened, mut most) = (start, start, 0);
        while now < start + PING * 3 {
            now += Duration::from_millis(25);
            while opened < now && opened < start + PING * 2 {
                table.open("socket", opened);
                opened += every;
            }
            most = most.max(std::iter::from_fn(|| table.next_due(now)).count());
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
    for (sockets, sweeps, most) in [(100, 5, 10), (5_000, 13, 40), (19_000, 40, 76)] {
        let (mut table, start) = (table(), Instant::now());
        for _ in 0..sockets {
            table.open("socket", start);
        }
        // By then all have had a turn; all opened at once, so half of the slots are empty.
        let (mut now, mut count) = (start + PING, 0);
        while table.next_due(now).is_some() {}
        while now < start + PING * 2 {
            now += table.until_sweep();
            let pinged = std::iter::from_fn(|| table.next_due(now)).count();
            assert!(pinged <= most, "{pinged} of {sockets} at once");
            count += 1;
        }
        let in_a_second = f64::from(count) / PING.as_secs_f64();
        assert!(in_a_second <= f64::from(sweeps), "{in_a_second}");
    }
}

#[test]
fn sweeps_that_are_always_late_ping_no_more_seldom() {
    let (mut table, start) = (table(), Instant::now());
    for _ in 0..100 {
        table.open("socket", start);
    }
    let mut pings = 0;
    for millis in (0..=100_000).step_by(200) {
        let now = start + Duration::from_millis(millis);
        while table.next_due(now).is_some() {
            pings += 1;
        }
    }
    // After half an interval to a whole one the first, then one in each of the next three.
    assert_eq!(pings, 400);
}

#[test]
fn a_late_sweep_hardly_brings_pings_closer_together() {
    let (mut table, start) = (table(), Instant::now());
    let sockets: Vec<_> = (0..100).map(|_| table.open("socket", start)).collect();
    for socket in sockets {
        table.register_session(socket, Uuid::new_v4(), start);
    }
    table.close(SocketId(1), start);
    let mut last: HashMap<SocketId, Instant> = HashMap::new();
    let mut now = start;
    for sweep in 0..1_000 {
        // Now and then the hub, or the whole machine, sleeps for longer than an interval.
        let pause = if sweep % 300 == 200 {
            PING * 3
        } else if sweep % 70 == 60 {
            PING / 3
        } else {
            Duration::from_millis(251)
        };
        now += pause;
        while let Some(Due::Ping(id)) = table.next_due(now) {
            if let Some(before) = last.insert(id, now) {
                let apart = now - before;
                assert!(apart + Duration::from_millis(250) >= PING, "{apart:?}");
            }
        }
    }
    assert_eq!(last.len(), 99);
    assert!(last.values().all(|last| now - *last < PING * 5));
}
