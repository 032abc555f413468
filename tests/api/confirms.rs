//! A confirm goes alone while few ask, and with others in one statement of its own while many do:
//! both judge each person by himself, and alike.

use std::sync::Arc;

use futures_util::future::join_all;
use saoma::{
    login::{attempt::Identity, ids::Secret},
    store::Answer,
};
use uuid::Uuid;

use crate::support::{Attempt, Phone, TestServer};

/// What became of a scanned attempt before its confirm, and whether that still counts.
const CASES: [(&str, bool); 9] = [
    ("select", true),
    (
        "update users set blocked_at = saoma_now() where id = '{user}'",
        false,
    ),
    (
        "update phone_sessions set expires_at = saoma_now() where id = '{phone}'",
        false,
    ),
    ("delete from phone_sessions where id = '{phone}'", false),
    (
        "update login_attempts set expires_at = saoma_now() where id = '{attempt}'",
        false,
    ),
    (
        "update login_attempts set state = 'cancelled' where id = '{attempt}'",
        false,
    ),
    (
        "update login_attempts set openid = 'another' where id = '{attempt}'",
        false,
    ),
    (
        "update login_attempts set check_kind = 'number', check_number = 7 where id = '{attempt}'",
        false,
    ),
    ("select", true),
];

/// Somebody who is about to confirm.
struct Scanned {
    attempt: Attempt,
    nonce: Secret,
    identity: Identity,
    phone: Uuid,
    user: Uuid,
}

impl Scanned {
    async fn new(server: &Arc<TestServer>, before: &str) -> Self {
        let phone = server.registered_phone("Ming").await;
        let attempt = server.scanned(&phone).await;
        let scanned = Self {
            nonce: Secret::parse(attempt.nonce.as_str().unwrap()).unwrap(),
            identity: Identity {
                app_id: of(server, "app_id", "wechat_identities", &phone).await,
                openid: phone.openid.clone(),
            },
            phone: of(server, "id", "phone_sessions", &phone)
                .await
                .parse()
                .unwrap(),
            user: of(server, "user_id", "wechat_identities", &phone)
                .await
                .parse()
                .unwrap(),
            attempt,
        };
        let before = before
            .replace("{user}", &scanned.user.to_string())
            .replace("{phone}", &scanned.phone.to_string())
            .replace("{attempt}", scanned.attempt.id.as_str().unwrap());
        server.database.execute(&before).await;
        scanned
    }

    /// Whether the database let it through; the answer is about this attempt and nobody else's.
    async fn confirm(&self, server: &TestServer) -> bool {
        let answer = Answer {
            nonce: self.nonce.hash(),
            identity: &self.identity,
            phone: self.phone,
            number: None,
            ip: "192.0.2.0/24",
        };
        let confirmed = server.store.confirm_attempt(&answer, self.user).await;
        let Some(confirmed) = confirmed.unwrap() else {
            return false;
        };
        assert_eq!(confirmed.id.to_string(), self.attempt.id.as_str().unwrap());
        assert_eq!(confirmed.user_id, Some(self.user));
        true
    }
}

async fn of(server: &TestServer, column: &str, table: &str, phone: &Phone) -> String {
    let openid = &phone.openid;
    let sql = format!("select {column} from {table} where openid = '{openid}'");
    server.database.text(&sql).await
}

async fn all_scanned(server: &Arc<TestServer>) -> Vec<Scanned> {
    let mut all = Vec::new();
    for (before, _) in CASES {
        all.push(Scanned::new(server, before).await);
    }
    all
}

/// The row and the audit log say the same, and nobody else's confirm is in either.
async fn assert_written(server: &TestServer, all: &[Scanned]) {
    for (scanned, (before, counts)) in all.iter().zip(CASES) {
        let id = scanned.attempt.id.as_str().unwrap();
        let (user, phone) = (scanned.user, scanned.phone);
        let written = format!(
            "select count(*) from login_attempts a join audit_log l on l.attempt_id = a.id
             where a.id = '{id}' and a.state = 'confirmed' and a.user_id = '{user}'
                and a.phone_session_id = '{phone}' and l.event = 'confirm' and l.user_id = '{user}'
                and l.ip = '192.0.2.0/24'"
        );
        let written = server.database.count(&written).await;
        assert_eq!(written, i64::from(counts), "{before}");
        let confirms = format!(
            "select count(*) from audit_log where attempt_id = '{id}' and event = 'confirm'"
        );
        let confirms = server.database.count(&confirms).await;
        assert_eq!(confirms, i64::from(counts), "{before}");
    }
}

#[actix_web::test]
async fn confirms_that_go_together_are_each_judged_by_themselves() {
    let server = TestServer::start().await;
    let all = all_scanned(&server).await;
    // Whoever asks in one moment on one thread goes in one statement.
    let confirmed = join_all(all.iter().map(|scanned| scanned.confirm(&server))).await;
    assert_eq!(confirmed, CASES.map(|(_, counts)| counts));
    assert_written(&server, &all).await;
}

#[actix_web::test]
async fn a_confirm_that_goes_alone_is_judged_alike() {
    let server = TestServer::start().await;
    let all = all_scanned(&server).await;
    for (scanned, (before, counts)) in all.iter().zip(CASES) {
        assert_eq!(scanned.confirm(&server).await, counts, "{before}");
    }
    assert_written(&server, &all).await;
}
