//! From a confirm on the phone to the push at the browser: where both are at one instance, and
//! where they are at two.

use std::time::{Duration, Instant};

use actix_web::rt::{spawn, time::sleep_until};

use crate::{
    page::Page,
    quantile::quantile,
    site::{Site, Way},
    support::phone::Phone,
    usage::Used,
};

/// Confirms in a second: apart from each other, so that none waits for another.
const RATE: f64 = 50.0;
/// People, so that no row of theirs is waited for.
const PEOPLE: usize = 100;

/// Prints a line for each of these numbers of waiting sockets, the smaller first. Every second
/// confirm goes to the browser's own instance, so both are measured under the same load.
pub async fn measure(way: Way, waiting: &[usize], confirms: usize) {
    let most = waiting.iter().max().copied().unwrap_or_default();
    let site = Site::of_two(way, most + waiting.len() * confirms).await;
    let (here, elsewhere) = (site.bench.port, site.others[0].port);
    let phones = site.people(PEOPLE).await;
    let mut crowd: Vec<Page> = Vec::new();
    for &waiting in waiting {
        let more = waiting.saturating_sub(crowd.len() + confirms);
        crowd.extend(site.pages(here, more).await);
        let mut pages = site.pages(here, confirms.min(waiting)).await;
        let nonces = site.scan(&mut pages, &phones).await;
        let start = Instant::now() + Duration::from_secs(1);
        let mut made = Vec::new();
        for (number, (mut page, nonce)) in pages.into_iter().zip(nonces).enumerate() {
            let mut phone = phones[number % phones.len()].copy();
            // Both of a pair by the same phone, which does not have to connect for one of them.
            let local = (number / PEOPLE).is_multiple_of(2);
            let port = if local { here } else { elsewhere };
            phone.url = format!("http://localhost:{port}");
            let due = start + Duration::from_secs_f64(number as f64 / RATE);
            made.push(spawn(async move {
                sleep_until(due.into()).await;
                let pushed = push(&mut page, &phone, &nonce).await;
                (local, pushed, page)
            }));
        }
        let (mut near, mut far, mut lost) = (Vec::new(), Vec::new(), 0);
        for confirm in made {
            let (local, pushed, page) = confirm.await.unwrap();
            match pushed {
                Some(pushed) if local => near.push(pushed),
                Some(pushed) => far.push(pushed),
                None => lost += 1,
            }
            crowd.push(page);
        }
        print(way, waiting, &mut near, &mut far, lost);
        rest(&site, waiting).await;
    }
    drop(crowd);
    site.stop().await;
}

/// From the request to the push.
async fn push(page: &mut Page, phone: &Phone, nonce: &serde_json::Value) -> Option<Duration> {
    let began = Instant::now();
    let (_, pushed) = tokio::join!(
        async { phone.confirm(nonce).await.expect(200) },
        page.hears("login_succeeded"),
    );
    Some(pushed?.duration_since(began))
}

/// What so many waiting sockets cost while nothing happens.
async fn rest(site: &Site, waiting: usize) {
    let before = Used::by(site).await;
    let rate = Used::by(site).await.rate_since(&before);
    println!(
        "         {waiting:>8} at rest: CPU {:.1} ms/s, PostgreSQL {:.1} ms/s, {:.1} statements/s; the server has {:.1} MB",
        rate.servers * 1e3,
        rate.postgres * 1e3,
        rate.statements,
        site.bench.memory().rss as f64 / 1024.0,
    );
}

pub fn print_head() {
    println!(
        "from confirm to push, ms\n{:<8} {:>8} {:>8} {:>8} {:>8} {:>8} {:>10} {:>10} {:>6}",
        "", "sockets", "own p50", "p99", "far p50", "p99", "added p50", "added p99", "lost"
    );
}

fn print(way: Way, waiting: usize, near: &mut [Duration], far: &mut [Duration], lost: usize) {
    near.sort_unstable();
    far.sort_unstable();
    let ms = |times: &[Duration], share| quantile(times, share) * 1e3;
    let added = |share| ms(far, share) - ms(near, share);
    println!(
        "{:<8} {waiting:>8} {:>8.2} {:>8.2} {:>8.2} {:>8.2} {:>10.2} {:>10.2} {lost:>6}",
        way.name(),
        ms(near, 0.5),
        ms(near, 0.99),
        ms(far, 0.5),
        ms(far, 0.99),
        added(0.5),
        added(0.99),
    );
}
