//! An attempt whose row is gone, as after a crash of the database: its commit
//! did not wait for the disk.

use crate::support::{Cluster, Server, cluster::execute};

#[actix_web::test]
async fn a_browser_whose_attempt_was_lost_is_told_so_and_starts_anew() {
    let database = Cluster::shared_database().await;
    let server = Server::start_with(Some(&database), &[]).await;
    let mut browser = server.browser().await;
    let ticket = browser.open_socket().await;
    execute(&database, "delete from login_attempts").await;

    let failed = browser.expect("failed").await;
    assert_eq!(failed["reason"], "attempt_lost");
    assert_eq!(failed["attempt"], ticket["attempt"]);
    assert_eq!(failed["version"], 2);

    browser.refresh(&failed["version"], false).await;
    let anew = browser.expect("ticket").await;
    assert_ne!(anew["attempt"], ticket["attempt"]);
    let phone = server.registered_phone("Ming").await;
    phone.scan(&browser.scene(&anew).await).await.expect(200);
    browser.expect("scanned").await;
}

#[actix_web::test]
async fn a_browser_that_comes_back_to_a_lost_attempt_starts_anew() {
    let database = Cluster::shared_database().await;
    let server = Server::start_with(Some(&database), &[]).await;
    let mut browser = server.browser().await;
    let ticket = browser.open_socket().await;
    browser.drop_socket();
    execute(&database, "delete from login_attempts").await;
    let failed = browser.resume(&ticket["attempt"]).await;
    assert_eq!(failed["type"], "failed");
    assert_eq!(failed["reason"], "attempt_unknown");
    browser.refresh(&failed["version"], false).await;
    browser.expect("ticket").await;
}
