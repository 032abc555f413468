//! Two refills, and refills that are killed.

use saoma::simulator::FaultMode;

use crate::{
    instances::{Instances, fault},
    support::wait::eventually,
};

const MADE: &str = "saoma_stock_made_total";

#[actix_web::test]
async fn pl8_of_two_refills_one_works_at_a_time() {
    // Nothing is made before both run; then there is enough to do for both to look meanwhile.
    let refuses = fault(FaultMode::Error, None, None);
    let rate = [("SAOMA_STOCK_RATE", "900")];
    let instances = Instances::start_with(2, 120, Some(refuses), &rate).await;
    instances.clear_faults();
    instances.full().await;
    let mut made = Vec::new();
    for server in &instances.servers {
        made.push(server.metric(MADE).await);
    }
    assert!(made.contains(&0.0), "both have worked: {made:?}");
    // Not one is drawn that gets no row.
    eventually("each code has its row", async || {
        let rows = instances.count("select count(*) from codes").await;
        rows.cast_unsigned() == instances.drawn()
    })
    .await;
    instances.nothing_is_half_stored().await;
}

#[actix_web::test]
async fn pl8_a_refill_that_is_killed_leaves_nothing_half_and_another_goes_on() {
    let slow = fault(FaultMode::Slow, None, Some(100));
    let mut instances = Instances::start_with(2, 200, Some(slow), &[]).await;
    // Killed again and again in the middle of its work, whoever does it.
    for at in [1, 90] {
        eventually("the refill works", async || instances.left().await >= at).await;
        for number in [0, 1] {
            if instances.servers[number].metric(MADE).await > 0.0 {
                instances.servers[number].program.kill();
                let server = &mut instances.servers[number];
                server.kill_and_start_again().await;
            }
        }
    }
    instances.full().await;
    instances.nothing_is_half_stored().await;
    let scenes = "select count(*) - count(distinct scene_hash) from codes";
    assert_eq!(instances.count(scenes).await, 0);
}

#[actix_web::test]
async fn a_refill_that_is_told_to_stop_writes_the_rows_of_what_it_has_made() {
    let slow = fault(FaultMode::Slow, None, Some(300));
    let mut instances = Instances::start_with(1, 500, Some(slow), &[]).await;
    eventually("WeChat draws", async || instances.drawn() > 10).await;
    instances.servers[0].stop().await;
    let rows = instances.count("select count(*) from codes").await;
    assert_eq!(rows.cast_unsigned(), instances.drawn());
    instances.nothing_is_half_stored().await;
}
