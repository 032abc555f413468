//! Growing the pool, as `saoma codes pool` does.

use std::{collections::BTreeSet, fs};

use saoma::{
    codes::Told,
    simulator::{Fault, FaultMode},
};

use crate::support::{TestServer, browser::scene_of};

const CODE: &str = "/wxa/getwxacodeunlimit";

/// The pool's numbers, and that each has an image of its own with a scene of its own.
async fn numbers(server: &TestServer) -> Vec<i64> {
    let size = server.database.count("select count(*) from codes").await;
    let (mut numbers, mut scenes) = (Vec::new(), BTreeSet::new());
    for nth in 0..size {
        let one =
            |column| format!("select {column} from codes order by number offset {nth} limit 1");
        numbers.push(server.database.count(&one("number::bigint")).await);
        let name = server.database.text(&one("image")).await;
        let image = fs::read(server.data_dir.join("codes").join(name)).unwrap();
        let bytes = server.database.text(&one("bytes")).await;
        assert_eq!(bytes, image.len().to_string());
        scenes.insert(scene_of(&image));
    }
    assert_eq!(scenes.len(), numbers.len());
    assert!(scenes.iter().all(|scene| scene.len() == 32));
    numbers
}

#[actix_web::test]
async fn the_pool_grows_to_its_size_and_no_further_with_numbers_without_gaps() {
    let server = TestServer::start().await;
    server.fill_pool(3).await;
    let mut told = Vec::new();
    let tell = |news: Told<'_>| told.push(format!("{news:?}"));
    let grown = server.pool_fill().fill(12, tell).await;
    assert_eq!(grown.unwrap(), 12);
    assert_eq!(told, ["Have(3)", "Have(11)", "Have(12)"]);
    assert_eq!(server.pool_fill().fill(5, |_| ()).await.unwrap(), 12);
    assert_eq!(numbers(&server).await, (0..12).collect::<Vec<_>>());
}

#[actix_web::test]
async fn two_who_grow_it_at_once_make_one_pool() {
    let server = TestServer::start().await;
    let (one, two) = (server.pool_fill(), server.pool_fill());
    let (one, two) = tokio::join!(one.fill(20, |_| ()), two.fill(20, |_| ()));
    assert_eq!((one.unwrap(), two.unwrap()), (20, 20));
    assert_eq!(numbers(&server).await, (0..20).collect::<Vec<_>>());
}

#[actix_web::test]
async fn it_goes_on_after_a_failure_of_wechats_and_gives_up_with_advice_where_waiting_is_no_use() {
    let server = TestServer::start().await;
    let busy = Fault {
        count: Some(3),
        ..Fault::new(CODE, FaultMode::Garbage)
    };
    server.simulator.state().add_fault(busy).unwrap();
    server.fill_pool(4).await;
    // No code opens a page that is not published, however long one waits.
    let refused = Fault {
        errcode: Some(41030),
        ..Fault::new(CODE, FaultMode::Error)
    };
    server.simulator.state().add_fault(refused).unwrap();
    let gave_up = server.pool_fill().fill(6, |_| ()).await.unwrap_err();
    let said = format!("{gave_up:#}");
    assert!(said.contains("WeChat makes no more codes"), "{said}");
    server.simulator.state().clear_faults();
    server.fill_pool(6).await;
    assert_eq!(numbers(&server).await, (0..6).collect::<Vec<_>>());
}

#[actix_web::test]
async fn an_image_that_cannot_be_kept_stops_it_at_once_and_leaves_no_row() {
    let server = TestServer::start().await;
    let fill = server.pool_fill();
    // As good as a full disk, also for root.
    fs::remove_dir_all(server.data_dir.join("codes")).unwrap();
    let stopped = fill.fill(2, |_| ()).await.unwrap_err();
    assert!(format!("{stopped:#}").contains("code store"), "{stopped:#}");
    let rows = server.database.count("select count(*) from codes").await;
    assert_eq!(rows, 0);
}
