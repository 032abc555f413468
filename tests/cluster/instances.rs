//! Instances of one site: one database, one place for images, one WeChat.

use std::collections::BTreeSet;

use saoma::simulator::{Fault, FaultMode};
use sqlx::{AssertSqlSafe, Connection, PgConnection, postgres::PgConnectOptions};

use crate::support::{Cluster, Phone, Server, wait::eventually};

pub const CODE: &str = "/wxa/getwxacodeunlimit";

/// Server processes side by side.
pub struct Instances {
    pub database: String,
    pub servers: Vec<Server>,
    stock: u32,
}

impl Instances {
    /// So many of them, with a stock of this size and other settings.
    pub async fn start(number: usize, stock: u32, options: &[(&str, &str)]) -> Self {
        Self::start_with(number, stock, None, options).await
    }

    /// The same, where WeChat suffers this from the beginning.
    pub async fn start_with(
        number: usize,
        stock: u32,
        fault: Option<Fault>,
        options: &[(&str, &str)],
    ) -> Self {
        let database = Cluster::shared_database().await;
        let size = stock.to_string();
        let mut all = vec![
            ("SAOMA_STOCK_SIZE", size.as_str()),
            ("SAOMA_STOCK_MAX", &size),
            ("SAOMA_STOCK_RATE", "5000"),
            ("SAOMA_WECHAT_PAUSE", "1s"),
            ("SAOMA_CODES", "stock"),
        ];
        all.extend(options);
        // The first one brings WeChat and the folder; the others share them.
        let idle = [&all[..], &[("SAOMA_CODES", "live")]].concat();
        let mut first = Server::start_with(Some(&database), &idle).await;
        if let Some(fault) = fault {
            first.wechat.state().add_fault(fault).unwrap();
        }
        crate::support::server::set(&mut first.environment, &all);
        first.kill_and_start_again().await;
        let wechat = first.wechat.url().to_string();
        let data = first.place.join("data");
        all.push(("SAOMA_WECHAT_BASE_URL", &wechat));
        all.push(("SAOMA_DATA_DIR", data.to_str().unwrap()));
        let mut servers = vec![first];
        for _ in 1..number {
            servers.push(Server::start_with(Some(&database), &all).await);
        }
        Self {
            database,
            servers,
            stock,
        }
    }

    /// What WeChat does to all calls for codes until it is cleared.
    pub fn fault(&self, mode: FaultMode, errcode: Option<i32>) {
        let state = self.servers[0].wechat.state();
        state.add_fault(fault(mode, errcode, None)).unwrap();
    }

    pub fn clear_faults(&self) {
        self.servers[0].wechat.state().clear_faults();
    }

    /// Images that WeChat has drawn.
    pub fn drawn(&self) -> u64 {
        self.servers[0].wechat.state().stats()[CODE].images
    }

    /// One number that a statement counts.
    pub async fn count(&self, sql: &str) -> i64 {
        let options: PgConnectOptions = self.database.parse().unwrap();
        let mut connection = PgConnection::connect_with(&options).await.unwrap();
        sqlx::query_scalar(AssertSqlSafe(sql.to_owned()))
            .fetch_one(&mut connection)
            .await
            .unwrap()
    }

    /// What a statement finds.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        let options: PgConnectOptions = self.database.parse().unwrap();
        let mut connection = PgConnection::connect_with(&options).await.unwrap();
        sqlx::query_scalar(AssertSqlSafe(sql.to_owned()))
            .fetch_all(&mut connection)
            .await
            .unwrap()
    }

    /// Codes that nobody has taken.
    pub async fn left(&self) -> i64 {
        self.count("select count(*) from codes where kind = 'stock' and taken_at is null")
            .await
    }

    /// Waits until the stock is above its low mark: instances have taken blocks of it.
    pub async fn full(&self) {
        let mark = i64::from(self.stock);
        eventually("the stock is full", async || {
            self.left().await * 5 >= mark * 4
        })
        .await;
    }

    /// A phone, whose WeChat is that of all instances.
    pub async fn phone(&self, server: &Server) -> Phone {
        Phone::new(&server.url, self.servers[0].wechat.url().as_str()).await
    }

    /// Every row of a code has its image, whole, and no two rows have the same.
    pub async fn nothing_is_half_stored(&self) {
        let images = self.texts("select image from codes").await;
        let folder = self.servers[0].place.join("data/codes");
        for image in &images {
            let bytes = std::fs::read(folder.join(image)).unwrap();
            let scene = crate::support::browser::scene_of(&bytes);
            assert_eq!(scene.len(), 32);
        }
        assert_eq!(images.iter().collect::<BTreeSet<_>>().len(), images.len());
    }
}

/// A fault of all calls for codes.
pub fn fault(mode: FaultMode, errcode: Option<i32>, delay_ms: Option<u64>) -> Fault {
    Fault {
        errcode,
        delay_ms,
        ..Fault::new(CODE, mode)
    }
}
