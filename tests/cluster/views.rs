//! Page views on several instances.

use std::collections::BTreeSet;

use saoma::simulator::FaultMode;
use serde_json::{Value, json};

use crate::{
    instances::Instances,
    support::{Browser, Server, wait::eventually},
};

/// A new attempt's ticket; none when there are no codes.
async fn begin(server: &Server) -> Option<(Browser, Value)> {
    let mut browser = server.browser().await;
    let answer = browser.post("/api/login/attempts", json!({})).await;
    if answer.status == 503 {
        let problem = answer.expect_problem(503, "codes_unavailable");
        assert!(problem["retry_in"].is_u64(), "{problem}");
        return None;
    }
    let ticket = answer.expect(201);
    assert_eq!(ticket["source"], "stock");
    Some((browser, ticket))
}

#[actix_web::test]
async fn the_block_of_an_instance_that_was_killed_is_shown_to_nobody() {
    let mut instances = Instances::start(2, 60, &[]).await;
    instances.full().await;
    instances.fault(FaultMode::Error, None);
    let image = |ticket: &Value| {
        let url = ticket["code_url"].as_str().unwrap();
        url.rsplit('/').next().unwrap().to_owned()
    };
    let (_, ticket) = begin(&instances.servers[0]).await.unwrap();
    let shown = image(&ticket);
    let block = format!(
        "select image from codes where kind = 'stock'
         and taken_by = (select taken_by from codes where image = '{shown}')"
    );
    let block = instances.texts(&block).await;
    assert!(block.len() > 1, "{block:?}");
    instances.servers[0].kill_and_start_again().await;
    let mut images = BTreeSet::from([shown]);
    for server in &instances.servers {
        while let Some((_, ticket)) = begin(server).await {
            assert!(images.insert(image(&ticket)), "a code was shown twice");
        }
    }
    let again = block.iter().filter(|image| images.contains(*image));
    assert_eq!(again.count(), 1, "the one that was shown before");
    let all = instances.count("select count(*) from codes").await;
    let lost = block.len() - 1;
    assert_eq!(all.cast_unsigned(), (images.len() + lost) as u64);
}

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
            let Some((mut browser, ticket)) = begin(server).await else {
                refusals += 1;
                continue;
            };
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
