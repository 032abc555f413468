//! `saoma healthcheck`, as an image or a script asks it.

use crate::support::{
    Cluster, Place, Server,
    port::free_port,
    server::{run, status},
    wait::eventually,
};

#[actix_web::test]
async fn healthcheck_succeeds_while_the_server_is_ready_and_needs_the_admin_address_alone() {
    let server = Server::start().await;
    let admin = server.admin_url.trim_start_matches("http://").to_owned();
    let port = admin.rsplit(':').next().unwrap();
    for address in [&admin, &format!("0.0.0.0:{port}")] {
        let environment = vec![("SAOMA_ADMIN_LISTEN".to_owned(), address.clone())];
        let ended = run(&["healthcheck"], &environment, &server.place).await;
        assert_eq!(ended.code, Some(0), "{}", ended.err);
        assert_eq!(ended.out, "ready\n");
    }
    let ended = run(
        &["healthcheck", "--admin-listen", &admin],
        &Vec::new(),
        &server.place,
    )
    .await;
    assert_eq!(ended.code, Some(0), "{}", ended.err);
}

#[actix_web::test]
async fn healthcheck_fails_with_the_reasons_of_a_server_that_is_not_ready() {
    let mut cluster = Cluster::start();
    let server = Server::start_with(Some(&cluster.database().await), &[]).await;
    cluster.stop_at_once();
    let ready = format!("{}/readyz", server.admin_url);
    eventually("it is not ready", async || {
        status(&ready).await == Some(503)
    })
    .await;
    let ended = server.command(&["healthcheck"], &[]).await;
    assert_eq!(ended.code, Some(1));
    assert_eq!(ended.err, "saoma: not ready: database\n");
}

#[actix_web::test]
async fn healthcheck_says_in_one_sentence_that_nobody_answers() {
    let address = format!("127.0.0.1:{}", free_port());
    let environment = vec![("SAOMA_ADMIN_LISTEN".to_owned(), address.clone())];
    let ended = run(&["healthcheck"], &environment, &Place::new()).await;
    assert_eq!(ended.code, Some(1));
    assert_eq!(ended.err.lines().count(), 1, "{}", ended.err);
    assert!(
        ended.err.contains(&address) && ended.err.contains("refused"),
        "{}",
        ended.err
    );
}
