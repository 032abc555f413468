//! Instances on one database, and who uses them.

use std::{
    cell::RefCell, fs::OpenOptions, io::Write, path::Path, process::Command, time::Duration,
};

use actix_web::rt::time::sleep;
use futures_util::future::join_all;
use saoma::store::private::PrivatePostgres;
use serde_json::Value;

use crate::{
    page::Page,
    process::{Bench, PROGRAM, fresh_folder, instance::Instance},
    support::{browser::Browser, known_scenes::KNOWN_SCENES, phone::Phone, redis::RedisServer},
};

/// Pages that open at the same time, and phones that scan.
const AT_ONCE: usize = 16;
/// The stock is filled up with these.
const MADE: u32 = 100;

/// How instances tell each other.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Redis,
    Direct,
}

impl Way {
    pub fn name(self) -> &'static str {
        match self {
            Self::Redis => "Redis",
            Self::Direct => "direct",
        }
    }
}

/// One site. Its database, WeChat and Redis are processes of their own or in this one.
pub struct Site {
    /// With the first instance, whose address is the public one.
    pub bench: Bench,
    pub others: Vec<Instance>,
    pub redis: RedisServer,
}

/// A PostgreSQL for the connections of four instances.
async fn roomy(folder: &Path) -> PrivatePostgres {
    let postgres = PrivatePostgres::start(folder).await.unwrap();
    let settings = postgres.cluster().join("postgresql.conf");
    let mut file = OpenOptions::new().append(true).open(settings).unwrap();
    writeln!(file, "max_connections = 100").unwrap();
    drop(file);
    postgres.stop().await.unwrap();
    PrivatePostgres::start(folder).await.unwrap()
}

impl Site {
    /// With one instance.
    pub async fn start(way: Way, settings: &[(&str, &str)]) -> Self {
        let redis = RedisServer::start();
        let way = match way {
            Way::Redis => ("REDIS_URL", redis.url()),
            Way::Direct => ("SAOMA_INTERNAL_URL", String::new()),
        };
        let mut all = vec![
            way,
            ("SAOMA_CONFIRM_TTL", "1h".to_owned()),
            ("SAOMA_REDEEM_TTL", "1h".to_owned()),
        ];
        let settings = settings.iter();
        all.extend(settings.map(|&(name, value)| (name, value.to_owned())));
        let folder = fresh_folder();
        let postgres = roomy(&folder).await;
        let program = Command::new(PROGRAM);
        let bench = Bench::start_on(folder, postgres, program, "25s", &all).await;
        bench.execute(KNOWN_SCENES).await;
        Self {
            bench,
            others: Vec::new(),
            redis,
        }
    }

    /// With two instances, and codes for so many pages. Nobody is held up by a limit.
    pub async fn of_two(way: Way, pages: usize) -> Self {
        let made = MADE.to_string();
        let settings = [
            ("SAOMA_STOCK_SIZE", &*made),
            ("SAOMA_STOCK_MAX", &*made),
            ("SAOMA_MAX_SCANS_PER_USER", "0"),
            ("SAOMA_MAX_CONFIRMS_PER_USER", "0"),
            ("SAOMA_MAX_PER_SECOND", "0"),
        ];
        let mut site = Self::start(way, &settings).await;
        site.bench.codes_ready(MADE).await;
        // An instance holds codes of its own besides.
        let codes = u32::try_from(pages).unwrap() + 2_000;
        site.bench.multiply_stock(codes).await;
        site.add_instance().await;
        site
    }

    pub async fn add_instance(&mut self) {
        self.others.push(self.bench.beside().await);
        // Longer than a beat of the others, after which all know all.
        sleep(Duration::from_secs(6)).await;
    }

    pub fn instances(&self) -> impl Iterator<Item = &Instance> {
        std::iter::once(&self.bench.instance).chain(&self.others)
    }

    /// So many more pages that wait at the instance with this port.
    pub async fn pages(&self, port: u16, count: usize) -> Vec<Page> {
        let pages = RefCell::new(Vec::with_capacity(count));
        let site = self.bench.port;
        let opener = async |number: usize| {
            for _ in (number..count).step_by(AT_ONCE) {
                let page = Page::open(site, port).await;
                pages.borrow_mut().push(page);
            }
        };
        join_all((0..AT_ONCE).map(opener)).await;
        pages.into_inner()
    }

    /// So many registered people; their phones talk to the first instance.
    pub async fn people(&self, count: usize) -> Vec<Phone> {
        let url = format!("http://localhost:{}", self.bench.port);
        let mut phones: Vec<Phone> = Vec::new();
        for _ in 0..count {
            let mut phone = Phone::new(&url, &self.bench.wechat()).await;
            phone.register(Some("Li")).await.expect(201);
            // As through a load balancer, on connections that are open.
            if let Some(first) = phones.first() {
                phone.client = first.client.clone();
            }
            phones.push(phone);
        }
        phones
    }

    /// Lets each page be scanned by one of these phones; what each answers with.
    pub async fn scan(&self, pages: &mut [Page], phones: &[Phone]) -> Vec<Value> {
        let mut nonces = Vec::new();
        for (chunk, pages) in pages.chunks_mut(AT_ONCE).enumerate() {
            let scans = pages.iter_mut().enumerate().map(async |(number, page)| {
                let phone = &phones[(chunk * AT_ONCE + number) % phones.len()];
                let scan = phone.scan(&page.scene()).await.expect(200);
                page.hears("scanned").await.expect("the socket is open");
                scan["nonce"].clone()
            });
            nonces.extend(join_all(scans).await);
        }
        nonces
    }

    /// Whether this page's confirmed login becomes a session at the first instance.
    pub async fn redeems(&self, page: &Page, client: &awc::Client) -> bool {
        let mut browser = Browser::new(&format!("http://localhost:{}", self.bench.port));
        browser.client = client.clone();
        let secret = page.secret.clone();
        browser.cookies.insert("saoma_browser".to_owned(), secret);
        let redeemed = browser.redeem(&page.attempt.clone().into()).await;
        redeemed.status == 200
    }

    pub async fn stop(self) {
        for other in self.others {
            other.stop().await;
        }
        self.bench.stop().await;
    }
}
