//! The same over both ways.

use serde_json::json;

use crate::{
    fallback::{begin, poll},
    support::{
        Site,
        site::{over_both_ways, until},
    },
};

#[actix_web::test]
async fn r1_a_confirm_on_one_instance_is_pushed_by_the_other() {
    over_both_ways(async |site| {
        let phone = site.b.registered_phone("Ming").await;
        let mut attempt = site.a.pending().await;
        let scanned = phone.scan(&attempt.scene).await.expect(200);
        assert_eq!(attempt.browser.expect("scanned").await["version"], 2);
        phone.confirm(&scanned["nonce"]).await.expect(200);
        let news = attempt.browser.expect("login_succeeded").await;
        assert_eq!(news["version"], 3);
        // The page's request lands anywhere.
        let mut elsewhere = attempt.browser.tab();
        site.lead_to_b(&mut elsewhere);
        let redeemed = elsewhere.redeem(&attempt.id).await.expect(200);
        assert_eq!(redeemed["user"]["nickname"], "Ming");
        attempt.browser.expect("redeemed").await;
        assert_eq!(attempt.browser.expect_close().await, 4002);
    })
    .await;
}

#[actix_web::test]
async fn r1_somebody_unknown_registers_through_the_other_instance() {
    over_both_ways(async |site| {
        let phone = site.b.phone().await;
        let mut attempt = site.a.pending().await;
        let scanned = phone.scan(&attempt.scene).await.expect(200);
        attempt.browser.expect("scanned").await;
        let result = phone.confirm(&scanned["nonce"]).await.expect(200);
        assert_eq!(result["result"], "not_registered");
        attempt.browser.expect("not_registered").await;
        phone.register(Some("Mei")).await.expect(201);
        attempt.browser.expect("scanned").await;
        phone.confirm(&scanned["nonce"]).await.expect(200);
        attempt.browser.expect("login_succeeded").await;
    })
    .await;
}

#[actix_web::test]
async fn another_phones_try_on_the_other_instance_is_told_as_contested() {
    over_both_ways(async |site| {
        let (first, second) = (site.b.phone().await, site.b.phone().await);
        let mut attempt = site.a.pending().await;
        first.scan(&attempt.scene).await.expect(200);
        attempt.browser.expect("scanned").await;
        let refused = second.scan(&attempt.scene).await;
        refused.expect_problem(409, "already_scanned");
        attempt.browser.expect("contested").await;
    })
    .await;
}

#[actix_web::test]
async fn a_browser_that_resumes_on_the_other_instance_is_told_there_from_then_on() {
    over_both_ways(async |site| {
        // This phone's requests go to the instance that the browser leaves.
        let phone = site.a.registered_phone("Ming").await;
        let mut attempt = site.a.pending().await;
        attempt.browser.drop_socket();
        site.lead_to_b(&mut attempt.browser);
        assert_eq!(attempt.browser.resume(&attempt.id).await["type"], "ticket");
        let scanned = phone.scan(&attempt.scene).await.expect(200);
        attempt.browser.expect("scanned").await;
        phone.confirm(&scanned["nonce"]).await.expect(200);
        attempt.browser.expect("login_succeeded").await;
        attempt.browser.redeem(&attempt.id).await.expect(200);
    })
    .await;
}

#[actix_web::test]
async fn what_happens_while_a_browser_changes_instances_is_told_on_arrival() {
    over_both_ways(async |site| {
        let phone = site.a.registered_phone("Ming").await;
        let mut attempt = site.a.pending().await;
        attempt.browser.drop_socket();
        let scanned = phone.scan(&attempt.scene).await.expect(200);
        phone.confirm(&scanned["nonce"]).await.expect(200);
        site.lead_to_b(&mut attempt.browser);
        let state = attempt.browser.resume(&attempt.id).await;
        assert_eq!(
            (&state["type"], &state["version"]),
            (&"login_succeeded".into(), &3.into())
        );
    })
    .await;
}

#[actix_web::test]
async fn somebody_elses_browser_takes_no_attempt_over() {
    over_both_ways(async |site| {
        let phone = site.b.phone().await;
        let mut attempt = site.a.pending().await;
        let mut stranger = site.b.browser().await;
        let answer = stranger.resume(&attempt.id).await;
        assert_eq!(answer["reason"], "attempt_unknown");
        phone.scan(&attempt.scene).await.expect(200);
        attempt.browser.expect("scanned").await;
        stranger.expect_silence().await;
    })
    .await;
}

#[actix_web::test]
async fn polls_on_the_other_instance_hear_at_its_next_look() {
    over_both_ways(async |site| {
        let phone = site.a.registered_phone("Ming").await;
        let (mut attempt, _) = begin(site.a.browser().await, json!({})).await;
        site.lead_to_b(&mut attempt.browser);
        let waiting = poll(&attempt, "after_version=1&wait=25");
        let scan = async {
            let scanned = phone.scan(&attempt.scene).await.expect(200);
            // The poll may not have begun to wait yet: looks go on, as they do.
            scanned["nonce"].clone()
        };
        let looks = async {
            loop {
                site.b.look_again().await;
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        let nonce = tokio::select! {
            (answer, nonce) = async { tokio::join!(waiting, scan) } => {
                assert_eq!(answer.expect(200)["type"], "scanned");
                nonce
            }
            () = looks => unreachable!(),
        };
        phone.confirm(&nonce).await.expect(200);
        let answer = poll(&attempt, "after_version=2").await.expect(200);
        assert_eq!(answer["type"], "login_succeeded");
        attempt.browser.redeem(&attempt.id).await.expect(200);
    })
    .await;
}

#[actix_web::test]
async fn a_poll_beside_the_phone_hears_at_once_though_the_socket_is_elsewhere() {
    over_both_ways(async |site| {
        let phone = site.b.phone().await;
        let mut attempt = site.a.pending().await;
        let mut tab = attempt.browser.tab();
        site.lead_to_b(&mut tab);
        let path = format!("{}?after_version=1&wait=25", attempt.path());
        let scan = async { phone.scan(&attempt.scene).await.expect(200) };
        let (polled, _) = tokio::join!(tab.get(&path), scan);
        assert_eq!(polled.expect(200)["type"], "scanned");
        attempt.browser.expect("scanned").await;
    })
    .await;
}

#[actix_web::test]
async fn d6_a_session_that_ends_on_one_instance_ends_on_all() {
    over_both_ways(async |site| {
        let phone = site.b.registered_phone("Ming").await;
        let mut browser = signed_in(&site, &phone).await;
        browser.open_session().await;
        browser.expect_silence().await;
        phone.delete("/api/phone/sessions").await.expect(204);
        let mut tab = browser.tab();
        tab.get("/api/me")
            .await
            .expect_problem(401, "session_missing");
        // Within two seconds by itself.
        site.a.look_again().await;
        assert_eq!(browser.expect_close().await, 4009);
    })
    .await;
}

#[actix_web::test]
async fn d6_deleting_an_account_ends_its_logins_on_all_instances() {
    over_both_ways(async |site| {
        let phone = site.b.registered_phone("Ming").await;
        let mut browser = signed_in(&site, &phone).await;
        browser.open_session().await;
        browser.expect_silence().await;
        let mut attempt = site.a.scanned(&phone).await;
        phone.delete("/api/phone/account").await.expect(204);
        site.a.look_again().await;
        assert_eq!(browser.expect_close().await, 4009);
        let end = attempt.browser.expect("failed").await;
        assert_eq!(end["reason"], "account_deleted");
    })
    .await;
}

#[actix_web::test]
async fn d6_a_look_that_nobody_asked_for_closes_an_ended_sessions_socket() {
    // With the default interval, so within two seconds and some.
    let site = Site::with_interval("2s").await;
    let phone = site.b.registered_phone("Ming").await;
    let mut browser = signed_in(&site, &phone).await;
    browser.open_session().await;
    browser.expect_silence().await;
    phone.delete("/api/phone/sessions").await.expect(204);
    assert_eq!(browser.expect_close().await, 4009);
}

pub async fn signed_in(site: &Site, phone: &crate::support::Phone) -> crate::support::Browser {
    let mut attempt = site.a.scanned(phone).await;
    phone.confirm(&attempt.nonce).await.expect(200);
    attempt.browser.expect("login_succeeded").await;
    attempt.browser.redeem(&attempt.id).await.expect(200);
    attempt.browser.drop_socket();
    attempt.browser
}

#[actix_web::test]
async fn many_logins_at_once_all_arrive() {
    over_both_ways(async |site| {
        let mut waiting = Vec::new();
        for _ in 0..40 {
            let phone = site.b.registered_phone("Ming").await;
            waiting.push((site.a.pending().await, phone));
        }
        let logins = waiting.into_iter().map(async |(mut attempt, phone)| {
            let scanned = phone.scan(&attempt.scene).await.expect(200);
            attempt.browser.expect("scanned").await;
            phone.confirm(&scanned["nonce"]).await.expect(200);
            attempt.browser.expect("login_succeeded").await;
        });
        futures_util::future::join_all(logins).await;
        let count = "select count(*) from login_attempts where state = 'confirmed'";
        until(async || site.a.database.count(count).await == 40).await;
    })
    .await;
}
