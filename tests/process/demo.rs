//! `saoma demo`: one command up, one key down, the same people tomorrow.

use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

use nix::sys::signal::Signal;
use saoma::store::private::PrivatePostgres;
use serde_json::{Value, json};
use sqlx::Connection;

use crate::support::{
    Browser, Phone, Place, Program, Server,
    port::free_port,
    program::Ended,
    server::{environment, run, status, wechat},
    wait::eventually,
};

#[actix_web::test]
async fn the_demo_prints_both_addresses_stops_with_ctrl_c_and_keeps_its_users() {
    let demo = Demo::new();
    let mut first = demo.start().await;
    let mut phone = demo.phone().await;
    phone.register(Some("Ming")).await.expect(201);
    log_in(&demo, &phone).await;
    first.signal_group(Signal::SIGINT);
    let ended = first.ends_within(Duration::from_secs(15)).await;
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert_eq!(demo.place.processes(), Vec::<String>::new());

    let began = Instant::now();
    let mut second = demo.start().await;
    let took = began.elapsed();
    assert!(
        took < Duration::from_secs(10),
        "the second start took {took:?}"
    );
    assert_eq!(
        phone.sign_in().await.expect(200)["user"]["nickname"],
        "Ming"
    );
    log_in(&demo, &phone).await;
    second.signal(Signal::SIGTERM);
    assert_eq!(
        second.ends_within(Duration::from_secs(15)).await.code,
        Some(0)
    );
    assert_eq!(demo.place.processes(), Vec::<String>::new());
}

#[actix_web::test]
async fn the_demos_phone_sees_the_code_on_the_page_though_it_was_drawn_long_before() {
    let demo = Demo::new();
    let mut first = demo.start().await;
    assert_eq!(demo.seen().await, Value::Null, "no page is open");
    eventually("codes come from the stock", async || {
        demo.browser().await.1["source"] == "stock"
    })
    .await;
    let (mut older, old_ticket) = demo.browser().await;
    let (mut newer, ticket) = demo.browser().await;
    assert_eq!(demo.seen().await, newer.scene(&ticket).await);
    newer.send(json!({"type": "cancel"})).await;
    newer.expect("cancelled").await;
    let scene = older.scene(&old_ticket).await;
    assert_eq!(demo.seen().await, scene, "the one that is still shown");
    older.refresh(&old_ticket["version"], false).await;
    let renewed = older.expect("ticket").await;
    assert_eq!(demo.seen().await, older.scene(&renewed).await);

    // Codes that another run has drawn are read like its own.
    first.signal(Signal::SIGTERM);
    first.ends_within(Duration::from_secs(15)).await;
    let _second = demo.start().await;
    let (mut browser, ticket) = demo.browser().await;
    assert_eq!(ticket["source"], "stock");
    assert_eq!(demo.seen().await, browser.scene(&ticket).await);
}

#[actix_web::test]
async fn a_taken_port_gives_one_sentence_and_leaves_nothing_behind() {
    for flag in ["--port", "--phone-port", "--admin-port"] {
        let demo = Demo::new();
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port().to_string();
        let mut arguments = demo.arguments();
        let place = arguments
            .iter()
            .position(|argument| argument == flag)
            .unwrap();
        arguments[place + 1].clone_from(&port);
        let ended = demo
            .run(&arguments)
            .ends_within(Duration::from_secs(15))
            .await;
        assert_eq!(ended.code, Some(1), "{flag}");
        assert_eq!(ended.err.lines().count(), 1, "{flag}: {}", ended.err);
        assert!(ended.err.contains(&port), "{flag}: {}", ended.err);
        assert!(
            ended.err.contains(flag),
            "what to change is not said: {}",
            ended.err
        );
        assert_eq!(demo.place.processes(), Vec::<String>::new(), "{flag}");
    }
}

#[actix_web::test]
async fn the_demo_listens_on_loopback_only() {
    let demo = Demo::new();
    let _program = demo.start().await;
    let text = ["/proc/net/tcp", "/proc/net/tcp6"]
        .map(|path| std::fs::read_to_string(path).unwrap_or_default());
    for port in demo.ports {
        let ending = format!(":{port:04X}");
        let lines = text.iter().flat_map(|text| text.lines());
        // The second column is the local address, the fourth the state; 0A listens.
        let columns = lines.map(|line| line.split_whitespace().collect::<Vec<_>>());
        let listeners = columns.filter(|c| c.len() > 3 && c[3] == "0A" && c[1].ends_with(&ending));
        let addresses: Vec<_> = listeners.map(|c| c[1].to_owned()).collect();
        assert_eq!(addresses, [format!("0100007F{ending}")]);
    }
}

#[actix_web::test]
async fn a_server_refuses_the_demos_data_and_the_demos_key() {
    let demo = Demo::new();
    let mut program = demo.start().await;
    program.signal(Signal::SIGTERM);
    program.ends_within(Duration::from_secs(15)).await;
    let key = std::fs::read_to_string(demo.place.join("data/secret.key")).unwrap();
    assert!(key.starts_with("saoma-demo-key--"), "{key}");
    // On the demo's folder, and with its key on another one.
    for (data, key) in [("data", ""), ("elsewhere", key.as_str())] {
        let ended = demo.serve(data, key).await;
        assert_eq!(ended.code, Some(1), "{}", ended.err);
        let sentence = ended.err.lines().last().unwrap();
        for word in ["saoma demo", "simulated", "SAOMA_DATA_DIR"] {
            assert!(sentence.contains(word), "{sentence}");
        }
        if !key.is_empty() {
            assert!(!sentence.contains(key), "{sentence}");
        }
    }
    // The demo itself is as it was.
    demo.start().await;
}

#[actix_web::test]
async fn a_demo_of_an_earlier_version_keeps_its_users_under_a_key_of_the_demo() {
    // It had a key like a server's.
    let mut earlier = Server::start_private().await;
    let phone = earlier.registered_phone("Ming").await;
    let key = std::fs::read_to_string(earlier.place.join("data/secret.key")).unwrap();
    earlier.stop().await;
    let demo = Demo {
        place: earlier.place,
        ports: [free_port(), free_port(), free_port()],
    };
    for _ in 0..2 {
        let mut program = demo.start().await;
        let mut again = demo.phone().await;
        again.openid.clone_from(&phone.openid);
        let user = again.sign_in().await.expect(200)["user"].clone();
        assert_eq!(user["nickname"], "Ming");
        let now = std::fs::read_to_string(demo.place.join("data/secret.key")).unwrap();
        assert!(now != key && now.starts_with("saoma-demo-key--"));
        assert!(!demo.place.join("data/secret.key.old").exists());
        program.signal(Signal::SIGTERM);
        program.ends_within(Duration::from_secs(15)).await;
    }
}

#[actix_web::test]
async fn the_demo_leaves_the_data_of_a_server_with_real_people_alone() {
    let mut server = Server::start_private().await;
    server.registered_phone("Ming").await;
    let data = server.place.join("data");
    let database = PrivatePostgres::of_another(&data).unwrap().unwrap();
    let mut database = sqlx::PgConnection::connect_with(&database).await.unwrap();
    sqlx::query("update wechat_identities set app_id = 'wx-of-a-real-server'")
        .execute(&mut database)
        .await
        .unwrap();
    drop(database);
    let key = std::fs::read_to_string(data.join("secret.key")).unwrap();
    server.stop().await;
    let demo = Demo::new();
    let mut arguments = demo.arguments();
    *arguments.last_mut().unwrap() = data.to_str().unwrap().to_owned();
    let ended = demo
        .run(&arguments)
        .ends_within(Duration::from_secs(15))
        .await;
    assert_eq!(ended.code, Some(1), "{}", ended.err);
    assert!(ended.err.contains("people of its own"), "{}", ended.err);
    assert!(ended.err.contains("--data-dir"), "{}", ended.err);
    assert_eq!(
        std::fs::read_to_string(data.join("secret.key")).unwrap(),
        key
    );
    server.kill_and_start_again().await;
}

struct Demo {
    place: Place,
    /// Page, phone, admin.
    ports: [u16; 3],
}

impl Demo {
    fn new() -> Self {
        Self {
            place: Place::new(),
            ports: [free_port(), free_port(), free_port()],
        }
    }

    fn arguments(&self) -> Vec<String> {
        let [page, phone, admin] = self.ports.map(|port| port.to_string());
        let data = self.place.join("data").to_str().unwrap().to_owned();
        let names = ["--port", "--phone-port", "--admin-port", "--data-dir"];
        let pairs = names.into_iter().zip([page, phone, admin, data]);
        let pairs = pairs.flat_map(|(name, value)| [name.to_owned(), value]);
        std::iter::once("demo".to_owned()).chain(pairs).collect()
    }

    fn run(&self, arguments: &[String]) -> Program {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        Program::start(&arguments, &Vec::new(), self.place.path())
    }

    async fn start(&self) -> Program {
        let mut program = self.run(&self.arguments());
        let [page, phone, _] = self.ports;
        let page = format!("http://localhost:{page}/");
        let phone = format!("http://localhost:{phone}/phone");
        eventually("both addresses are printed", async || {
            assert!(program.runs(), "the demo has ended");
            let printed = program.out();
            printed.contains(&page) && printed.contains(&phone)
        })
        .await;
        // What is printed works.
        for address in [format!("{page}login"), phone] {
            eventually("it answers", async || status(&address).await == Some(200)).await;
        }
        program
    }

    /// `saoma serve` on a folder beside the demo's, with this key unless it is empty.
    async fn serve(&self, data: &str, key: &str) -> Ended {
        let wechat = wechat("http://localhost");
        let data = self.place.join(data);
        let options = [
            ("SAOMA_DATA_DIR", data.to_str().unwrap()),
            ("SAOMA_SECRET_KEY", key),
        ];
        let (port, admin) = (free_port(), free_port());
        let environment = environment(&self.place, port, admin, None, &wechat, &options);
        run(&["serve"], &environment, &self.place).await
    }

    async fn phone(&self) -> Phone {
        let [page, phone, _] = self.ports;
        let (page, phone) = (
            format!("http://localhost:{page}"),
            format!("http://127.0.0.1:{phone}"),
        );
        Phone::new(&page, &phone).await
    }

    /// A browser that shows a code, and its ticket.
    async fn browser(&self) -> (Browser, Value) {
        let mut browser = Browser::new(&format!("http://localhost:{}", self.ports[0]));
        browser.open_login_page().await;
        let ticket = browser.open_socket().await;
        (browser, ticket)
    }

    /// The scene that the simulated phone sees.
    async fn seen(&self) -> Value {
        let mut phone = Browser::new(&format!("http://localhost:{}", self.ports[1]));
        phone.get("/phone/newest").await.expect(200)["scene"].clone()
    }
}

async fn log_in(demo: &Demo, phone: &Phone) {
    let (mut browser, ticket) = demo.browser().await;
    let scan = phone.scan(&browser.scene(&ticket).await).await.expect(200);
    phone.confirm(&scan["nonce"]).await.expect(200);
    let redeemed = browser.redeem(&ticket["attempt"]).await.expect(200);
    assert_eq!(redeemed["user"]["nickname"], "Ming");
}
