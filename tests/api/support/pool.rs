//! A pool of reusable codes.

use std::{sync::Arc, time::Duration};

use saoma::{
    codes::{NewCode, PoolFill, PoolOrder, Stopping},
    store::{LeaseRules, Store},
};
use serde_json::{Value, json};

use super::{Answer, Browser, TestServer, server::Options};

/// The pool first.
pub const POOL: Options = &[("SAOMA_CODES", "pool")];

impl TestServer {
    /// What `saoma codes pool` does.
    pub fn pool_fill(&self) -> PoolFill {
        PoolFill {
            store: self.store.clone(),
            maker: self.maker(),
            opens: self.opens(),
            pause: Duration::from_millis(1),
            stopping: Stopping::default(),
        }
    }

    /// Grows the pool to this size.
    pub async fn fill_pool(&self, size: i64) {
        assert_eq!(self.pool_fill().fill(size, |_| ()).await.unwrap(), size);
    }

    /// A server whose pool has so many codes and serves first.
    pub async fn start_with_pool(size: i64) -> Arc<Self> {
        let server = Self::start_with(POOL).await;
        server.fill_pool(size).await;
        server
    }
}

impl Browser {
    /// A new attempt, asked for by this address behind a proxy.
    pub async fn begin_from(&mut self, address: &str) -> Answer {
        self.address = Some(address.to_owned());
        let begun = self.post("/api/login/attempts", json!({})).await;
        self.address = None;
        begun
    }

    /// A new attempt; the source of its code.
    pub async fn source_from(&mut self, address: &str) -> String {
        let ticket = self.begin_from(address).await.expect(201);
        ticket["source"].as_str().unwrap().to_owned()
    }
}

/// Two digits that are not these.
pub fn another(number: &Value) -> Value {
    let number: u8 = number.as_str().unwrap().parse().unwrap();
    format!("{:02}", (number + 1) % 100).into()
}

/// Leases by these rules, as `SAOMA_POOL_QUARANTINE` has them by default.
pub fn rules(order: PoolOrder) -> LeaseRules<'static> {
    LeaseRules {
        opens: "this",
        order,
        quarantine: Duration::from_secs(900),
    }
}

/// Codes with neither WeChat nor images behind them.
pub async fn add_bare_codes(store: &Store, number: i64) {
    for _ in 0..number {
        let code = NewCode {
            image: "none.png".to_owned(),
            scene: rand::random(),
            bytes: 0,
        };
        let added = store.add_pool_code(&code, "this", number).await;
        added.unwrap().unwrap();
    }
}
