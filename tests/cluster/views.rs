//! Page views on several instances.

use std::collections::BTreeSet;

use saoma::simulator::FaultMode;
use serde_json::json;

use crate::{
    instances::Instances,
    support::{Browser, wait::eventually},
};

#[actix_web::test]
async fn pl7_two_instances_drain_one_stock_and_no_code_is_shown_twice() {
    let instances = Instances::start(2, 60, &[]).await;
    instances.full().await;
    instances.fault(FaultMode::Error, None);
    let mut scenes = BTreeSet::new();
    let mut refusals = 0;
    // A view each in turn until neither has a code.
    while refusals < 2 {
        refusals = 0;
        for server in &instances.servers {
            let mut browser = server.browser().await;
            let answer = browser.post("/api/login/attempts", json!({})).await;
            if answer.status == 503 {
                let problem = answer.expect_problem(503, "codes_unavailable");
                assert!(problem["retry_in"].is_u64(), "{problem}");
                refusals += 1;
                continue;
            }
            let ticket = answer.expect(201);
            assert_eq!(ticket["source"], "stock");
            let scene = browser.scene(&ticket).await;
            assert!(scenes.insert(scene), "a code was shown twice");
        }
    }
    let taken = "select count(*) from codes where taken_at is not null";
    assert_eq!(
        instances.count(taken).await,
        i64::try_from(scenes.len()).unwrap()
    );
    for server in &instances.servers {
        let ready = Browser::new(&server.url).get("/readyz").await.expect(200);
        assert_eq!(ready["codes"]["stock"]["mark"], 60);
    }
    instances.clear_faults();
    for server in &instances.servers {
        eventually("codes come from the stock again", async || {
            server
                .browser()
                .await
                .post("/api/login/attempts", json!({}))
                .await
                .json()["source"]
                == "stock"
        })
        .await;
    }
}
