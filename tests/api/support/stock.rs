//! Codes that a test puts into the stock itself.

use std::{sync::Arc, time::Duration};

use saoma::{
    codes::{ImageStore, Images, Maker, NewCode},
    wechat::{AccessToken, Breaker, Endpoint, Wechat},
};

use sqlx::{Connection, PgConnection};

use super::{TestDatabase, TestServer, server::Options};

const CODE: &str = "/wxa/getwxacodeunlimit";

/// A server whose stock nobody fills, as long as the connection lives: it has
/// the refill's lock.
pub async fn unfilled(options: Options<'_>) -> (Arc<TestServer>, PgConnection) {
    let database = TestDatabase::migrated().await;
    let mut lock = PgConnection::connect_with(&database.options).await.unwrap();
    sqlx::query("select pg_advisory_lock(hashtext('saoma stock'))")
        .execute(&mut lock)
        .await
        .unwrap();
    let options = [&[("SAOMA_CODES", "stock")], options].concat();
    (TestServer::start_on(database, &options).await, lock)
}

impl TestServer {
    /// Puts so many codes into the stock, as the refill does.
    pub async fn fill_stock(&self, number: usize) {
        let codes = self.make_codes(number).await;
        let opens = self.opens();
        self.store.add_stock(&opens, &codes).await.unwrap();
        self.stock.was_filled();
    }

    /// Codes with their images, in no source yet.
    pub async fn make_codes(&self, number: usize) -> Vec<NewCode> {
        let settings = &self.recheck.settings;
        let wechat = Wechat::new(settings.wechat.clone(), Arc::new(AccessToken::new()));
        let breaker = Arc::new(Breaker::new(Endpoint::CodeImage, Duration::from_secs(60)));
        let maker = Maker::new(wechat, self.images(), breaker);
        let mut codes = Vec::new();
        for _ in 0..number {
            codes.push(maker.make().await.unwrap());
        }
        codes
    }

    /// What this server's codes open.
    pub fn opens(&self) -> String {
        self.recheck.settings.code_opens()
    }

    /// Where this server keeps images.
    pub fn images(&self) -> Images {
        ImageStore::open(&self.recheck.settings).unwrap().images()
    }

    /// Images that the simulator has drawn so far.
    pub fn drawn(&self) -> u64 {
        self.simulator.state().stats()[CODE].images
    }
}
