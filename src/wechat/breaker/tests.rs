use super::*;

const MINUTE: Duration = Duration::from_mins(1);
const SECOND: Duration = Duration::from_secs(1);

/// A core whose clock the test turns, with no chance in its pauses.
struct Bench {
    core: Core,
    now: Instant,
}

impl Bench {
    fn new() -> Self {
        Self {
            core: Core::default(),
            now: Instant::now(),
        }
    }

    fn after(&mut self, time: Duration) -> &mut Self {
        self.now += time;
        self
    }

    fn allow(&mut self) -> Result<(), Duration> {
        self.core.allow(self.now)
    }

    fn record(&mut self, outcome: Outcome) -> Option<Change> {
        self.core.record(outcome, self.now, MINUTE, 1.0)
    }

    fn fail(&mut self, times: u32) -> Option<Change> {
        (0..times)
            .map(|_| self.record(Outcome::Failed))
            .last()
            .flatten()
    }
}

#[test]
fn four_failures_are_borne_and_the_fifth_in_a_row_opens_it() {
    let mut bench = Bench::new();
    assert_eq!(bench.fail(4), None);
    bench.record(Outcome::Answered);
    assert_eq!(bench.fail(4), None);
    assert_eq!(bench.allow(), Ok(()));
    assert_eq!(bench.fail(1), Some(Change::Opened(SECOND)));
    assert_eq!(bench.allow(), Err(SECOND));
}

#[test]
fn after_the_pause_one_call_goes_through_and_decides() {
    let mut bench = Bench::new();
    bench.fail(5);
    bench.after(SECOND);
    assert_eq!(bench.core.pause(bench.now), None);
    assert_eq!(bench.allow(), Ok(()));
    assert_eq!(bench.allow(), Err(SHORTLY));
    assert_eq!(bench.record(Outcome::Answered), Some(Change::Closed));
    assert_eq!(bench.allow(), Ok(()));
    assert_eq!(bench.allow(), Ok(()));
}

#[test]
fn pauses_double_up_to_the_longest_and_start_anew_once_it_works() {
    let mut bench = Bench::new();
    bench.fail(5);
    let mut pauses = Vec::new();
    for _ in 0..8 {
        let pause = bench.allow().unwrap_err();
        pauses.push(pause.as_secs());
        bench.after(pause).allow().unwrap();
        bench.fail(1);
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60]);
    bench.after(MINUTE).record(Outcome::Answered);
    assert_eq!(bench.fail(5), Some(Change::Opened(SECOND)));
}

#[test]
fn a_pause_may_be_shorter_by_chance_and_never_longer() {
    let (mut core, now) = (Core::default(), Instant::now());
    let refused = Outcome::Refused { pause: None };
    let change = core.record(refused, now, MINUTE, 0.75);
    assert_eq!(change, Some(Change::Opened(Duration::from_secs(45))));
}

#[test]
fn a_call_whose_caller_left_keeps_the_next_one_away_for_a_while_only() {
    let mut bench = Bench::new();
    bench.fail(5);
    bench.after(SECOND).allow().unwrap();
    assert_eq!(bench.after(Duration::from_secs(9)).allow(), Err(SHORTLY));
    assert_eq!(bench.after(SECOND).allow(), Ok(()));
}

#[test]
fn calls_that_were_on_their_way_change_nothing() {
    let mut bench = Bench::new();
    bench.record(Outcome::Refused { pause: None });
    assert_eq!(bench.record(Outcome::Answered), None);
    assert_eq!(bench.record(Outcome::Failed), None);
    assert_eq!(bench.allow(), Err(MINUTE));
}

#[test]
fn what_would_fail_again_opens_it_at_once() {
    let image = |code| WechatError::refused(Endpoint::CodeImage, code, "");
    let token = |code| WechatError::refused(Endpoint::StableToken, code, "");
    let hour = Some(Duration::from_hours(1));
    for (error, pause) in [
        (image(45009), Some(MINUTE)),
        (image(45011), Some(MINUTE)),
        (token(45009), hour),
        (token(40125), None),
        (token(40164), None),
        (image(48001), None),
        (image(41030), None),
    ] {
        assert_eq!(Outcome::of(&error), Outcome::Refused { pause }, "{error}");
    }
    let mut bench = Bench::new();
    bench.record(Outcome::Refused { pause: hour });
    assert_eq!(
        bench.allow(),
        Err(MINUTE),
        "no pause is longer than the longest"
    );
}

#[test]
fn no_stranger_opens_it_for_all() {
    let login = |code| WechatError::refused(Endpoint::Identity, code, "");
    for code in [40029, 40163, 40226, 41008, 45011, 47001, 12345] {
        assert_eq!(Outcome::of(&login(code)), Outcome::Answered, "{code}");
    }
    for code in [-1, 40001] {
        assert_eq!(Outcome::of(&login(code)), Outcome::Failed, "{code}");
    }
    let wrong_secret = Outcome::of(&login(40125));
    assert_eq!(wrong_secret, Outcome::Refused { pause: None });
}

#[actix_web::test]
async fn a_guarded_call_is_not_made_while_it_is_open() {
    let breaker = Breaker::new(Endpoint::CodeImage, MINUTE);
    let busy = || async { Err::<(), _>(WechatError::refused(Endpoint::CodeImage, -1, "")) };
    for _ in 0..FAILURES {
        let failed = breaker.guard(busy()).await.unwrap_err();
        assert_eq!(failed.errcode(), Some(-1));
    }
    let not_made = async { panic!("the call was made") };
    let held = breaker.guard::<()>(not_made).await.unwrap_err();
    let retry_in = held.retry_in().unwrap();
    assert!(retry_in <= SECOND, "{held}");
    assert!(breaker.pause().is_some());
    breaker.with_core(|core| core.until = Some(Instant::now()));
    breaker.guard(async { Ok(()) }).await.unwrap();
    assert_eq!(breaker.pause(), None);
}
