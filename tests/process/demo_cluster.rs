//! `make demo-cluster`, but for its installing and building: two instances behind nginx.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::support::{
    Browser, Phone, Place, Program,
    port::free_port,
    program::{Environment, binary},
    server::status,
    wait::eventually,
};

#[actix_web::test]
async fn the_cluster_demo_logs_people_in_across_its_instances_and_stops_with_ctrl_c() {
    let mut demo = Demo::start().await;
    let phone = demo.phone().await;
    phone.register(Some("Ming")).await.expect(201);
    // nginx takes the instance with fewer connections, so each has one of these.
    let mut waiting = [demo.browser().await, demo.browser().await];
    for admin in demo.admins() {
        eventually("each instance has a socket", async || {
            metric(admin, "saoma_sockets ").await == Some(1.0)
        })
        .await;
        assert_eq!(metric(admin, "saoma_limits_shared ").await, Some(1.0));
    }
    for (browser, ticket) in &mut waiting {
        log_in(browser, ticket, &phone).await;
    }

    let pid = || std::fs::read_to_string(demo.folder().join("1.pid")).unwrap();
    let killed: i32 = pid().trim().parse().unwrap();
    kill(Pid::from_raw(killed), Signal::SIGKILL).unwrap();
    let [admin, _] = demo.admins();
    eventually("it comes back", async || {
        pid().trim() != killed.to_string()
            && status(&format!("http://127.0.0.1:{admin}/readyz")).await == Some(200)
    })
    .await;
    let (mut browser, ticket) = demo.browser().await;
    log_in(&mut browser, &ticket, &phone).await;

    let folder = demo.folder();
    demo.program.signal_group(Signal::SIGINT);
    let ended = demo.program.ends_within(Duration::from_secs(30)).await;
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(!folder.exists(), "{}", folder.display());
    for port in demo.ports {
        TcpListener::bind(("127.0.0.1", port)).unwrap();
    }
}

#[actix_web::test]
async fn a_cluster_demo_that_is_killed_takes_all_its_parts_with_it() {
    let mut demo = Demo::start().await;
    demo.program.kill();
    let folder = demo.folder();
    eventually("its folder is gone", async || !folder.exists()).await;
    for port in demo.ports {
        TcpListener::bind(("127.0.0.1", port)).unwrap();
    }
}

#[actix_web::test]
async fn a_taken_port_ends_the_cluster_demo_with_a_sentence() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut ports = ports();
    ports[0] = taken.local_addr().unwrap().port();
    let place = Place::new();
    let mut program = run(&place, ports);
    let ended = program.ends_within(Duration::from_secs(60)).await;
    assert_eq!(ended.code, Some(1));
    let said = ended.err.lines().last().unwrap();
    assert!(said.contains(&ports[0].to_string()), "{said}");
    for port in &ports[1..] {
        TcpListener::bind(("127.0.0.1", *port)).unwrap();
    }
}

struct Demo {
    program: Program,
    /// Page, phone, two instances, their admin addresses.
    ports: [u16; 6],
    _place: Place,
}

impl Demo {
    async fn start() -> Self {
        let (place, ports) = (Place::new(), ports());
        let mut program = run(&place, ports);
        let page = format!("http://localhost:{}/", ports[0]);
        let phone = format!("http://localhost:{}/phone", ports[1]);
        eventually("both addresses are printed", async || {
            assert!(program.runs(), "the demo has ended");
            let printed = program.out();
            printed.contains(&page) && printed.contains(&phone) && printed.contains("Ctrl-C")
        })
        .await;
        for address in [format!("{page}login"), phone] {
            assert_eq!(status(&address).await, Some(200), "{address}");
        }
        Self {
            program,
            ports,
            _place: place,
        }
    }

    fn admins(&self) -> [u16; 2] {
        [self.ports[4], self.ports[5]]
    }

    /// Where its logs are, as it says.
    fn folder(&self) -> PathBuf {
        let printed = self.program.out();
        let mut words = printed.split_whitespace();
        let logs = words.find_map(|word| word.strip_suffix("/*.log"));
        PathBuf::from(logs.unwrap())
    }

    fn page(&self) -> String {
        format!("http://localhost:{}", self.ports[0])
    }

    async fn phone(&self) -> Phone {
        let simulator = format!("http://127.0.0.1:{}", self.ports[1]);
        Phone::new(&self.page(), &simulator).await
    }

    /// A browser with an open socket, and its ticket.
    async fn browser(&self) -> (Browser, serde_json::Value) {
        let mut browser = Browser::new(&self.page());
        browser.open_login_page().await;
        let ticket = browser.open_socket().await;
        (browser, ticket)
    }
}

fn ports() -> [u16; 6] {
    std::array::from_fn(|_| free_port())
}

fn run(place: &Place, ports: [u16; 6]) -> Program {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/demo-cluster.sh");
    let mut command = Command::new(script);
    command.arg(binary());
    let ports = ports.map(|port| port.to_string()).join(" ");
    let environment: Environment = vec![("PORTS".to_owned(), ports)];
    Program::spawn(command, &environment, place.path())
}

async fn log_in(browser: &mut Browser, ticket: &serde_json::Value, phone: &Phone) {
    let scan = phone.scan(&browser.scene(ticket).await).await.expect(200);
    browser.expect("scanned").await;
    phone.confirm(&scan["nonce"]).await.expect(200);
    browser.expect("login_succeeded").await;
    let redeemed = browser.redeem(&ticket["attempt"]).await.expect(200);
    assert_eq!(redeemed["user"]["nickname"], "Ming");
}

async fn metric(admin: u16, name: &str) -> Option<f64> {
    let url = format!("http://127.0.0.1:{admin}/metrics");
    let mut answer = awc::Client::default().get(url).send().await.ok()?;
    let text = String::from_utf8(answer.body().await.ok()?.to_vec()).ok()?;
    let value = text.lines().find_map(|line| line.strip_prefix(name))?;
    value.trim().parse().ok()
}
