//! What a login costs servers, database and Redis, at one instance and at more.

use std::time::{Duration, Instant};

use actix_web::{
    http::Method,
    rt::{spawn, time::sleep_until},
};

use crate::{
    page::Page,
    quantile::quantile,
    site::{Site, Way},
    support::{
        browser::{self, Browser},
        phone::Phone,
    },
    usage::{Figures, Used},
};

/// Logins in a second.
const RATE: usize = 30;
const PEOPLE: usize = 200;
/// What is touched once is touched then.
const WARM_UP: usize = 100;

/// Prints a line for each of these numbers of instances. How many logins failed.
pub async fn measure(numbers: &[usize], logins: usize) -> usize {
    let generous = [
        // Refilled as it is used.
        ("SAOMA_STOCK_SIZE", "1000"),
        ("SAOMA_STOCK_MAX", "1000"),
        ("SAOMA_STOCK_RATE", "5000"),
        // Limits that are counted, and not met.
        ("SAOMA_MAX_STARTS_PER_ADDRESS", "1000000"),
        ("SAOMA_MAX_REDEEMS_PER_ADDRESS", "1000000"),
    ];
    let mut site = Site::start(Way::Redis, &generous).await;
    site.bench.codes_ready(1_000).await;
    let phones = site.people(PEOPLE).await;
    println!(
        "for a login, its code's making included; what instances use when nobody comes is left out\n\
         {:<12} {:>7} {:>8} {:>9} {:>9} {:>6} {:>6} {:>7} {:>8} {:>8}",
        "", "logins", "CPU ms", "Postgres", "Redis ms", "SQL", "Redis", "bytes", "p50 ms", "p99 ms"
    );
    let (mut failed, mut idle) = (0, Vec::new());
    for &number in numbers {
        while site.instances().count() < number {
            site.add_instance().await;
        }
        log_in(&site, &phones, WARM_UP).await;
        let start = Used::by(&site).await;
        let quiet = Used::by(&site).await;
        let rest = quiet.rate_since(&start);
        let times = log_in(&site, &phones, logins).await;
        let end = Used::by(&site).await;
        let done = times.len();
        let Figures {
            servers,
            postgres,
            redis,
            statements,
            commands,
            bytes,
        } = end
            .figures
            .minus(quiet.figures)
            .minus(rest.times(end.seconds_since(&quiet)))
            .times(1.0 / done as f64);
        println!(
            "{number} instances  {done:>7} {:>8.2} {:>9.2} {:>9.3} {statements:>6.1} {commands:>6.1} {bytes:>7.0} {:>8.1} {:>8.1}",
            servers * 1e3,
            postgres * 1e3,
            redis * 1e3,
            quantile(&times, 0.5) * 1e3,
            quantile(&times, 0.99) * 1e3,
        );
        failed += logins - done;
        idle.push((number, rest));
    }
    println!("{failed} failed\n\nin a second in which nobody comes, of all instances together");
    for (number, rest) in idle {
        println!(
            "{number} instances: CPU {:.1} ms, PostgreSQL {:.1} ms, {:.1} statements, {:.1} Redis commands",
            rest.servers * 1e3,
            rest.postgres * 1e3,
            rest.statements,
            rest.commands,
        );
    }
    site.stop().await;
    failed
}

/// Lets so many people log in, each in his turn whether those before him are done or not: a
/// browser at one instance, its phone at the next. How long the good ones took, sorted.
async fn log_in(site: &Site, phones: &[Phone], count: usize) -> Vec<Duration> {
    let ports: Vec<u16> = site.instances().map(|instance| instance.port).collect();
    let (public, client) = (site.bench.port, browser::client());
    let start = Instant::now();
    let mut logins = Vec::new();
    for number in 0..count {
        let due = start + Duration::from_secs_f64(number as f64 / RATE as f64);
        sleep_until(due.into()).await;
        let url = |at: usize| format!("http://localhost:{}", ports[at % ports.len()]);
        let mut phone = phones[number % phones.len()].copy();
        phone.url = url(number + 1);
        let mut browser = Browser::new(&url(number));
        browser.origin = format!("http://localhost:{public}");
        browser.client = client.clone();
        let port = ports[number % ports.len()];
        logins.push(spawn(async move {
            log_in_once(browser, public, port, &phone).await;
            due.elapsed()
        }));
    }
    let mut done = Vec::new();
    for login in logins {
        // What goes wrong panics, and says what it was.
        done.extend(login.await.ok());
    }
    done.sort_unstable();
    done
}

/// From the page to the session, and what the page that follows asks.
async fn log_in_once(mut browser: Browser, public: u16, port: u16, phone: &Phone) {
    browser.open_login_page().await;
    let secret = browser.cookies["saoma_browser"].clone();
    let (mut page, ticket) = Page::of_browser(secret, public, port).await;
    let image = url::Url::parse(ticket["code_url"].as_str().unwrap()).unwrap();
    let image = browser.raw(Method::GET, image.path(), &[], "").await;
    image.expect(200);
    let scanned = phone.scan(&page.scene()).await.expect(200);
    page.hears("scanned").await.expect("the socket is open");
    phone.confirm(&scanned["nonce"]).await.expect(200);
    let heard = page.hears("login_succeeded").await;
    heard.expect("the socket is open");
    browser.redeem(&ticket["attempt"]).await.expect(200);
    browser.get("/api/me").await.expect(200);
}
