//! The database goes away while sockets are open, and comes back.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{
    Browser, Cluster, Disk, Phone, PhoneSocket, Place, Server,
    browser::Answer,
    cluster::{count, execute},
    server::status,
    wait::eventually,
};

/// The limit of a request without a database, and half a second for the rest of it.
const LIMIT: Duration = Duration::from_millis(2_500);

#[actix_web::test]
async fn g3_a_stopped_database_fails_requests_in_two_seconds_and_all_logins_go_on_when_it_is_back()
{
    let mut cluster = Cluster::start();
    let mut logins = Logins::begin(&cluster).await;
    cluster.stop_at_once();
    logins.requests_fail_soon().await;
    cluster.start_again();
    logins.go_on().await;
}

#[actix_web::test]
async fn g4_a_database_that_hangs_fails_requests_in_two_seconds_and_all_logins_go_on_when_it_is_back()
 {
    let cluster = Cluster::start();
    let mut logins = Logins::begin(&cluster).await;
    cluster.freeze();
    logins.requests_fail_soon().await;
    logins.a_crowd_fails_as_soon().await;
    cluster.thaw();
    logins.go_on().await;
}

#[actix_web::test]
async fn g1_a_database_killed_between_a_confirm_and_its_commit_has_not_half_of_it() {
    let mut cluster = Cluster::start();
    let database = cluster.database().await;
    let mut logins = Logins::begin_on(&database).await;
    // Runs when all of the confirm is written, and before its commit.
    let slow_commit = "create function wait() returns trigger language plpgsql as
            $$ begin perform pg_sleep(60); return null; end $$;
        create constraint trigger wait after update on login_attempts
            deferrable initially deferred for each row execute function wait()";
    execute(&database, slow_commit).await;
    let (phone, nonce) = (logins.phone.clone(), logins.nonce.clone());
    let confirm = actix_web::rt::spawn(async move { phone.confirm(&nonce).await });
    let sleeps = "select count(*) from pg_stat_activity
        where datname = current_database() and wait_event = 'PgSleep'";
    eventually("the commit waits", async || {
        count(&database, sleeps).await == 1
    })
    .await;
    cluster.stop_at_once();
    let refused = confirm.await.unwrap();
    let problem = refused.expect_problem(503, "unavailable");
    assert!(problem["retry_in"].as_u64() >= Some(1), "{problem}");

    cluster.start_again();
    for (what, number) in [
        ("login_attempts where state = 'scanned'", 1),
        ("login_attempts where state = 'confirmed'", 0),
        ("audit_log where event = 'confirm'", 0),
        ("sessions", 0),
    ] {
        let found = count(&database, &format!("select count(*) from {what}")).await;
        assert_eq!(found, number, "{what}");
    }
    execute(&database, "drop trigger wait on login_attempts").await;
    logins.scanned.expect_silence().await;
    logins.go_on().await;
}

#[actix_web::test]
async fn g7_a_full_disk_logs_nobody_in_says_so_and_room_heals_it() {
    let place = Place::new();
    let folder = place.join("small");
    let Some(disk) = Disk::mount(&folder, "24m") else {
        eprintln!("left out: nobody may mount a small disk here");
        return;
    };
    let cluster = Cluster::start();
    let database = cluster.database_on(&folder).await;
    let mut logins = Logins::begin_on(&database).await;
    // Takes what is left, in the tables' pages too, which would take some logins more.
    let fill = "create table fill (bytes bytea);
        alter table fill alter bytes set storage external;
        do $$ declare size int := 1000000; begin
            while size > 100 loop
                begin
                    insert into fill select convert_to(repeat('x', size), 'utf8');
                exception when disk_full then size := size / 2;
                end;
            end loop; end $$";
    execute(&database, fill).await;
    let full = async |answer: Answer| {
        if answer.status != 200 && answer.status != 201 {
            answer.expect_problem(503, "unavailable");
        }
        answer.status == 503
    };
    let mut browser = logins.server.browser().await;
    eventually("a page's new attempt finds no room", async || {
        full(browser.post("/api/login/attempts", json!({})).await).await
    })
    .await;
    let refused = logins.phone.confirm(&logins.nonce).await;
    let confirmed = !full(refused).await;
    let written = "select count(*) from login_attempts where state = 'confirmed'";
    // Whole or not at all, whichever it was.
    assert_eq!(count(&database, written).await, i64::from(confirmed));
    let log = logins.server.program.err();
    assert!(log.contains("No space left on device"), "{log}");
    assert!(logins.server.program.runs());
    disk.make_room();
    logins.go_on().await;
    drop(cluster);
    drop(disk);
}

/// What a database of a newer version has more than this one's.
const NEWER: &str = "alter table login_attempts add column newer text;
    alter table users add column newer integer not null default 7;
    alter table sessions add column newer jsonb;
    alter table phone_sessions add column newer boolean not null default true;
    create table newer (id bigint generated always as identity primary key);
    insert into _sqlx_migrations (version, description, success, checksum, execution_time)
        values (99991231235959, 'of a newer version', true, '\\x00', 0)";

#[actix_web::test]
async fn g9_this_version_goes_on_and_starts_again_on_the_schema_of_a_newer_one() {
    let cluster = Cluster::shared_database().await;
    let mut logins = Logins::begin_on(&cluster).await;
    // Statements of both instances are prepared before the tables change below them.
    let beside = logins.server.beside(&[]).await;
    beside.log_in(&logins.phone).await;
    let mut elsewhere = logins.phone.clone();
    elsewhere.url.clone_from(&beside.url);
    let traffic = async {
        for _ in 0..6 {
            beside.log_in(&elsewhere).await;
        }
    };
    tokio::join!(traffic, execute(&cluster, NEWER));
    logins.server.kill_and_start_again().await;
    let attempt = logins.attempt.clone();
    let state = logins.scanned.resume(&attempt).await;
    assert_eq!(state["type"], "scanned");
    let waiting = &mut logins.waiting;
    waiting.drop_socket();
    let attempt = logins.waiting_attempt.clone();
    assert_eq!(waiting.resume(&attempt).await["type"], "ticket");
    logins.go_on().await;
    beside.log_in(&elsewhere).await;
}

#[actix_web::test]
async fn g9_browser_and_phone_talk_on_through_restarts_on_the_schema_of_a_newer_version() {
    let cluster = Cluster::shared_database().await;
    let mut server = Server::start_with(Some(&cluster), &[]).await;
    let phone = server.registered_phone("Ming").await;
    let mut browser = server.signed_in(&phone).await;
    let session = browser.open_session().await["session"].clone();
    let mut socket = phone.socket().await;
    socket.expect("peer").await;
    browser.expect("peer").await;
    talk(&mut browser, &mut socket, &session).await;
    execute(&cluster, NEWER).await;
    talk(&mut browser, &mut socket, &session).await;
    for killed in [true, false] {
        browser.drop_socket();
        socket.drop_socket();
        if killed {
            server.kill_and_start_again().await;
        } else {
            let ended = server.stop_and_start_again().await;
            assert_eq!(ended.code, Some(0), "{}", ended.err);
        }
        browser.open_session().await;
        socket = phone.socket().await;
        let told = socket.expect("peer").await;
        assert_eq!(told["session"], session);
        browser.expect("peer").await;
        talk(&mut browser, &mut socket, &session).await;
        // And a login is followed and confirmed over the same socket.
        let mut login = server.browser().await;
        let ticket = login.open_socket().await;
        let scene = login.scene(&ticket).await;
        let scan = json!({"scene": scene, "entry_scene": 1047});
        let scan = socket.call("scan", scan).await;
        assert_eq!(scan["status"], 200, "{scan}");
        assert_eq!(socket.expect("attempt").await["state"], "scanned");
        assert_eq!(socket.expect("browser").await["present"], true);
        let confirm = json!({"nonce": scan["body"]["nonce"]});
        let confirmed = socket.call("confirm", confirm).await;
        assert_eq!(confirmed["status"], 200, "{confirmed}");
        login.redeem(&ticket["attempt"]).await.expect(200);
        login.drop_socket();
    }
}

/// Each end hears the other.
async fn talk(browser: &mut Browser, socket: &mut PhoneSocket, session: &Value) {
    socket.say(session, "from the phone").await;
    let heard = browser.expect("message").await;
    assert_eq!(heard["text"], "from the phone");
    browser.say("from the browser").await;
    let heard = socket.expect("message").await;
    assert_eq!(heard["text"], "from the browser");
}

/// One login that waits for its scan, and one that waits for the confirm.
struct Logins {
    server: Server,
    phone: Phone,
    waiting: Browser,
    waiting_attempt: Value,
    waiting_scene: String,
    scanned: Browser,
    attempt: Value,
    nonce: Value,
}

impl Logins {
    async fn begin(cluster: &Cluster) -> Self {
        Self::begin_on(&cluster.database().await).await
    }

    async fn begin_on(database: &str) -> Self {
        let server = Server::start_with(Some(database), &[]).await;
        let phone = server.registered_phone("Ming").await;
        let mut waiting = server.browser().await;
        let ticket = waiting.open_socket().await;
        let waiting_attempt = ticket["attempt"].clone();
        let waiting_scene = waiting.scene(&ticket).await;
        let mut scanned = server.browser().await;
        let ticket = scanned.open_socket().await;
        let scene = scanned.scene(&ticket).await;
        let scan = phone.scan(&scene).await.expect(200);
        scanned.expect("scanned").await;
        Self {
            server,
            phone,
            waiting,
            waiting_attempt,
            waiting_scene,
            scanned,
            attempt: ticket["attempt"].clone(),
            nonce: scan["nonce"].clone(),
        }
    }

    async fn requests_fail_soon(&mut self) {
        let attempt = self.attempt.as_str().unwrap();
        let path = format!("/api/login/attempts/{attempt}");
        let (phone, scanned) = (&self.phone, &self.scanned);
        let get = async |path: String| scanned.tab().get(&path).await;
        let post = async |path: String, body| scanned.tab().post(&path, body).await;
        let no_change = json!({"version": 2, "silent": true});
        // Twice: with connections that were open before, and with none.
        for _ in 0..2 {
            let requests = join_all::<Vec<std::pin::Pin<Box<dyn Future<Output = Taken>>>>>(vec![
                Box::pin(timed("confirm", phone.confirm(&self.nonce))),
                Box::pin(timed("phone's look", phone.attempt(&self.attempt))),
                Box::pin(timed("scan", phone.scan(&self.waiting_scene))),
                Box::pin(timed("look", get(path.clone()))),
                Box::pin(timed(
                    "refresh",
                    post(format!("{path}/refresh"), no_change.clone()),
                )),
                Box::pin(timed(
                    "new code",
                    post("/api/login/attempts".into(), json!({})),
                )),
            ]);
            for (what, answer, took) in requests.await {
                let problem = answer.expect_problem(503, "unavailable");
                assert!(problem["retry_in"].as_u64() >= Some(1), "{what}: {problem}");
                assert_ne!(answer.header("retry-after"), "", "{what}");
                assert!(took < LIMIT, "{what} took {took:?}");
            }
        }
        let (_, ready, took) = timed("readiness", get("/readyz".into())).await;
        assert_eq!(ready.expect(503)["reasons"], json!(["database"]));
        assert!(took < LIMIT, "readiness took {took:?}");
        get("/healthz".into()).await.expect(200);

        // The socket is open, and says the same.
        let asked = Instant::now();
        self.scanned.refresh(&json!(0), true).await;
        let error = self.scanned.expect("error").await;
        assert_eq!(error["code"], "unavailable");
        assert!(error["retry_in"].as_u64() >= Some(1), "{error}");
        assert!(asked.elapsed() < LIMIT, "{:?}", asked.elapsed());
    }

    /// What queues for connections has a limit as well, and takes nobody else's thread.
    async fn a_crowd_fails_as_soon(&self) {
        let crowd = join_all((0..300).map(|_| self.phone.attempt(&self.attempt)));
        let health = format!("{}/healthz", self.server.url);
        let asked = Instant::now();
        let (answers, health) = tokio::join!(crowd, status(&health));
        assert_eq!(health, Some(200));
        for answer in answers {
            answer.expect_problem(503, "unavailable");
        }
        // All at once: not one after the other.
        assert!(asked.elapsed() < 2 * LIMIT, "{:?}", asked.elapsed());
    }

    async fn go_on(mut self) {
        let ready = format!("{}/readyz", self.server.url);
        eventually("it is ready again", async || {
            status(&ready).await == Some(200)
        })
        .await;
        assert!(self.server.program.runs());

        let confirmed = self.phone.confirm(&self.nonce).await.expect(200);
        assert_eq!(confirmed["result"], "login_succeeded");
        self.scanned.expect("login_succeeded").await;
        let redeemed = self.scanned.redeem(&self.attempt).await.expect(200);
        assert_eq!(redeemed["user"]["nickname"], "Ming");

        self.phone.scan(&self.waiting_scene).await.expect(200);
        self.waiting.expect("scanned").await;
        // For a second after the last code that could not be kept none is made.
        eventually("a new page gets its code", async || {
            let mut newcomer = self.server.browser().await;
            let begun = newcomer.post("/api/login/attempts", json!({})).await;
            begun.status == 201
        })
        .await;
    }
}

type Taken = (&'static str, Answer, Duration);

async fn timed(what: &'static str, answer: impl Future<Output = Answer>) -> Taken {
    let asked = Instant::now();
    let answer = answer.await;
    (what, answer, asked.elapsed())
}
