//! How soon thousands of browsers are back when their instance or Redis has died.

use std::{
    rc::Rc,
    time::{Duration, Instant},
};

use actix_web::rt::{
    spawn,
    time::{sleep, sleep_until},
};

use crate::{
    page::Page,
    quantile::quantile,
    site::{Site, Way},
    support::{browser, phone::Phone},
};

/// Confirms in a second.
const RATE: f64 = 50.0;
const PEOPLE: usize = 100;
/// How long Redis is away.
const AWAY: Duration = Duration::from_secs(3);
/// A push that was found by a look takes longer, but for luck.
const QUICK: Duration = Duration::from_millis(100);

/// Kills the instance at which so many pages wait. One in ten is confirmed from then on.
pub async fn of_an_instance(sockets: usize) -> usize {
    let mut site = Site::of_two(Way::Redis, sockets).await;
    let port = site.others[0].port;
    let phones = site.people(PEOPLE).await;
    let mut pages = site.pages(port, sockets).await;
    let confirmed = sockets / 10;
    let nonces = site.scan(&mut pages[..confirmed], &phones).await;

    site.others.remove(0).kill();
    let killed = Instant::now();
    let to = site.bench.port;
    let site = Rc::new(site);
    let client = browser::client();
    let mut returns = Vec::new();
    for (number, mut page) in pages.into_iter().enumerate() {
        let answer = nonces.get(number).cloned();
        let phone = phones[number % PEOPLE].copy();
        let (site, client) = (site.clone(), client.clone());
        // Within the time in which all come back.
        let due = killed + Duration::from_secs_f64(number as f64 * 2.0 / confirmed as f64);
        returns.push(spawn(async move {
            let confirm = async {
                let Some(nonce) = &answer else { return };
                sleep_until(due.into()).await;
                phone.confirm(nonce).await.expect(200);
            };
            let back = async {
                let state = page.come_back(to).await;
                (state, killed.elapsed())
            };
            let ((), (state, took)) = tokio::join!(confirm, back);
            let expected = answer.is_some();
            let logged_in = expected
                && (state.message["type"] == "login_succeeded"
                    || page.hears("login_succeeded").await.is_some())
                && site.redeems(&page, &client).await;
            (took, expected && !logged_in, page)
        }));
    }
    let (mut back, mut lost, mut kept) = (Vec::new(), 0, Vec::new());
    for page in returns {
        let (took, is_lost, page) = page.await.unwrap();
        back.push(took);
        lost += usize::from(is_lost);
        kept.push(page);
    }
    back.sort_unstable();
    println!(
        "kill -9 of an instance with {sockets} sockets: back after p50 {:.2} s, p99 {:.2} s, all {:.2} s; {confirmed} confirmed meanwhile, {lost} lost",
        quantile(&back, 0.5),
        quantile(&back, 0.99),
        quantile(&back, 1.0),
    );
    drop(kept);
    Rc::into_inner(site).unwrap().stop().await;
    lost
}

/// Restarts Redis while so many pages wait at one instance and people confirm at the other.
pub async fn of_redis(sockets: usize) -> usize {
    let mut site = Site::of_two(Way::Redis, sockets).await;
    let port = site.others[0].port;
    let phones = site.people(PEOPLE).await;
    let mut pages = site.pages(port, sockets).await;
    let confirmed = 1_000.min(sockets);
    let nonces = site.scan(&mut pages[..confirmed], &phones).await;
    let crowd = pages.split_off(confirmed);

    let start = Instant::now() + Duration::from_secs(1);
    let mut made = Vec::new();
    for (number, (mut page, nonce)) in pages.into_iter().zip(nonces).enumerate() {
        let phone = phones[number % PEOPLE].copy();
        let due = start + Duration::from_secs_f64(number as f64 / RATE);
        made.push(spawn(async move {
            sleep_until(due.into()).await;
            let began = Instant::now();
            let pushed = push(&mut page, &phone, &nonce).await;
            (began, pushed, page)
        }));
    }
    sleep_until((start + Duration::from_secs(5)).into()).await;
    site.redis.kill();
    sleep(AWAY).await;
    site.redis.run();
    let back = Instant::now();

    let (mut after, mut slowest, mut lost, mut kept) = (Vec::new(), Duration::ZERO, 0, Vec::new());
    let client = browser::client();
    for confirm in made {
        let (began, pushed, page) = confirm.await.unwrap();
        match pushed {
            Some(at) => {
                let took = at.duration_since(began);
                slowest = slowest.max(took);
                if began > back {
                    after.push((began.duration_since(back), took < QUICK));
                }
                lost += usize::from(!site.redeems(&page, &client).await);
            }
            None => lost += 1,
        }
        kept.push(page);
    }
    println!(
        "Redis away for {} s with {sockets} sockets: slowest push {:.2} s, quick again {:.2} s after its start; {confirmed} confirmed, {lost} lost",
        AWAY.as_secs(),
        slowest.as_secs_f64(),
        quick_again(&after).as_secs_f64(),
    );
    drop((crowd, kept));
    site.stop().await;
    lost
}

async fn push(page: &mut Page, phone: &Phone, nonce: &serde_json::Value) -> Option<Instant> {
    let (_, pushed) = tokio::join!(
        async { phone.confirm(nonce).await.expect(200) },
        page.hears("login_succeeded"),
    );
    pushed
}

/// From when on most pushes are quick: a busy machine is sometimes slow by itself.
fn quick_again(pushes: &[(Duration, bool)]) -> Duration {
    let quick = |window: &&[(Duration, bool)]| {
        window[0].1 && window.iter().filter(|(_, quick)| *quick).count() >= 18
    };
    let first = pushes.windows(20).find(quick);
    first.map_or(Duration::MAX, |window| window[0].0)
}
