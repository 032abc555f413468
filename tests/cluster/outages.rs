//! WeChat fails in every way there is, for an hour.

use saoma::simulator::FaultMode::{self, Error, Garbage, Hang, Reset, Slow, Truncated};
use sqlx::postgres::PgConnectOptions;

use crate::{
    instances::{CODE, Instances},
    support::cluster::execute,
};

/// The clock of the database and of all connections, which are made anew.
async fn set_clock(database: &str, offset: &str) {
    let options: PgConnectOptions = database.parse().unwrap();
    let name = options.get_database().unwrap();
    let sql = format!("alter database {name} set saoma.clock_offset = '{offset}'");
    execute(database, &sql).await;
    let end = "select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()";
    execute(database, end).await;
}

/// What WeChat may do: mode, errcode.
const FAULTS: [(FaultMode, Option<i32>); 9] = [
    (Hang, None),
    (Slow, None),
    (Reset, None),
    (Garbage, None),
    (Truncated, None),
    (Error, None),
    (Error, Some(40001)),
    (Error, Some(45009)),
    (Error, Some(45011)),
];

/// A view on each instance: a page with a code that a phone can scan.
async fn views(instances: &Instances) {
    for server in &instances.servers {
        let phone = instances.phone(server).await;
        let mut browser = server.browser().await;
        let ticket = browser.open_socket().await;
        assert_eq!(ticket["source"], "stock");
        let scene = browser.scene(&ticket).await;
        phone.scan(&scene).await.expect(200);
        browser.expect("scanned").await;
    }
}

#[actix_web::test]
async fn t5_for_an_hour_without_wechats_codes_no_view_fails_and_then_the_stock_is_filled() {
    let mut instances = Instances::start(2, 200, &[]).await;
    instances.full().await;
    let begun = instances.left().await;
    for (minute, (mode, errcode)) in (0..).step_by(7).zip(FAULTS) {
        instances.clear_faults();
        instances.fault(mode, errcode);
        set_clock(&instances.database, &format!("{minute} minutes")).await;
        // A restart needs no WeChat.
        let restarted = minute / 7 % 2;
        instances.servers[restarted].kill_and_start_again().await;
        for _ in 0..3 {
            views(&instances).await;
        }
    }
    assert!(instances.left().await < begun);
    let stats = instances.servers[0].wechat.state().stats();
    assert!(stats[CODE].errors > 0, "nobody has tried to fill the stock");
    instances.clear_faults();
    instances.full().await;
    instances.nothing_is_half_stored().await;
}
