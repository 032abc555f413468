//! The list of instances: who lives, under which name.

use std::time::Duration;

use saoma::{
    settings::{Flags, Settings},
    startup::Application,
};
use serde_json::json;

use crate::support::{
    TestDatabase, TestServer,
    server::{settings, simulator},
    site::{until, warnings},
};

const QUICK: (&str, &str) = ("SAOMA_HEARTBEAT_INTERVAL", "200ms");

async fn names(server: &TestServer) -> String {
    let sql = "select string_agg(name, ',' order by name) from instances";
    server.database.text(sql).await
}

#[actix_web::test]
async fn r7_three_instances_without_redis_log_people_in_by_their_looks() {
    let looks = ("SAOMA_RECHECK_INTERVAL", "50ms");
    let a = TestServer::start_with(&[looks]).await;
    let (b, c) = (a.beside(&[looks]).await, a.beside(&[looks]).await);
    for (browsers, phones, pages) in [(&a, &b, &c), (&b, &c, &a), (&c, &a, &b)] {
        let phone = phones.phone().await;
        let mut attempt = browsers.pending().await;
        let scanned = phone.scan(&attempt.scene).await.expect(200);
        attempt.browser.expect("scanned").await;
        phone.confirm(&scanned["nonce"]).await.expect(200);
        attempt.browser.expect("not_registered").await;
        phone.register(Some("Ming")).await.expect(201);
        attempt.browser.expect("scanned").await;
        phone.confirm(&scanned["nonce"]).await.expect(200);
        attempt.browser.expect("login_succeeded").await;
        let mut page = attempt.browser.tab();
        page.url.clone_from(&pages.url);
        page.redeem(&attempt.id).await.expect(200);
        attempt.browser.expect("redeemed").await;
        let mut attempt = browsers.pending().await;
        let scanned = phone.scan(&attempt.scene).await.expect(200);
        attempt.browser.expect("scanned").await;
        phone.refuse(&scanned["nonce"]).await.expect(204);
        attempt.browser.expect("cancelled").await;
    }
}

#[actix_web::test]
async fn instances_without_a_way_to_each_other_say_so() {
    let a = TestServer::start_with(&[QUICK]).await;
    assert_eq!(warnings(&a).await, json!([]));
    let b = a.beside(&[QUICK]).await;
    until(async || warnings(&a).await == json!(["instances_unreached"])).await;
    until(async || warnings(&b).await == json!(["instances_unreached"])).await;
    b.stop().await;
    until(async || warnings(&a).await == json!([])).await;
}

#[actix_web::test]
async fn a_second_process_of_one_name_is_refused() {
    let named = [QUICK, ("SAOMA_INSTANCE", "first")];
    let a = TestServer::start_with(&named).await;
    let refused = second(&a, &named).await.expect_err("it is refused");
    assert!(refused.contains("SAOMA_INSTANCE"), "{refused}");
    assert!(refused.contains("\"first\""), "{refused}");
    assert_eq!(names(&a).await, "first");
}

#[actix_web::test]
async fn a_name_whose_process_was_killed_is_taken_over() {
    let a = TestServer::start_with(&[QUICK]).await;
    let sql = "insert into instances (name, process, way, version)
         values ('first', gen_random_uuid(), 'none', '0')";
    a.database.execute(sql).await;
    let b = a.beside(&[QUICK, ("SAOMA_INSTANCE", "first")]).await;
    assert!(names(&b).await.contains("first"));
}

#[actix_web::test]
async fn a_process_that_stops_gives_its_name_back_and_one_that_vanished_is_forgotten() {
    let a = TestServer::start_with(&[QUICK, ("SAOMA_INSTANCE", "a")]).await;
    let b = a.beside(&[QUICK, ("SAOMA_INSTANCE", "b")]).await;
    assert_eq!(names(&a).await, "a,b");
    b.stop().await;
    until(async || names(&a).await == "a").await;
    let sql = "insert into instances (name, process, way, version, heartbeat_at)
         values ('c', gen_random_uuid(), 'none', '0', saoma_now() - interval '1 minute')";
    a.database.execute(sql).await;
    until(async || names(&a).await == "a").await;
}

/// What becomes of another process on the same database.
async fn second(server: &TestServer, options: &[(&str, &str)]) -> Result<(), String> {
    let simulator = simulator(&server.url);
    let database: &TestDatabase = &server.database;
    let mut set = settings(0, database, &simulator, &server.data_dir);
    set.extend(
        options
            .iter()
            .map(|(name, value)| format!("{name}={value}")),
    );
    let flags = Flags {
        set,
        ..Flags::default()
    };
    let built = Application::build(Settings::load(&flags).unwrap());
    let built = tokio::time::timeout(Duration::from_secs(10), built)
        .await
        .unwrap();
    built.map(|_| ()).map_err(|error| format!("{error:#}"))
}
