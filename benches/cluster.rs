//! Several instances: how soon a phone's confirm at one is told at another, how soon all are back
//! when one dies, and what a login costs at one instance and at more.
//!
//! `cargo bench --bench cluster` starts real servers of the release profile on one PostgreSQL and
//! one Redis, with the simulator in WeChat's place. It ends with an error if a login was lost.
//! `cargo bench --bench cluster -- pushes recovery costs` names the parts to run, all by default.
//!
//! `CLUSTER_SOCKETS` (10000) says how many browsers wait at the most, `CLUSTER_PUSHES` (1000) how
//! many confirms are measured at each number of them, `CLUSTER_RECOVER` (5000) how many browsers
//! come back, `CLUSTER_LOGINS` (900) how many people log in at each number of instances. Clients,
//! phones and the simulator run here; on few cores they take the servers' time as well.

#[path = "idle/client.rs"]
#[allow(dead_code, reason = "each bench uses a part")]
mod client;
#[path = "cluster/costs.rs"]
mod costs;
#[path = "cluster/page.rs"]
mod page;
#[path = "idle/process.rs"]
#[allow(dead_code, reason = "each bench uses a part")]
mod process;
#[path = "cluster/pushes.rs"]
mod pushes;
#[path = "idle/quantile.rs"]
mod quantile;
#[path = "cluster/recovery.rs"]
mod recovery;
#[path = "cluster/site.rs"]
mod site;
#[path = "cluster/usage.rs"]
mod usage;
#[path = "../tests/api/support"]
#[allow(dead_code, reason = "the tests of the API use the rest of it")]
mod support {
    pub mod answer;
    pub mod browser;
    pub mod canaries;
    pub mod known_scenes;
    pub mod line;
    pub mod phone;
    pub mod port;
    pub mod redis;
}

use std::process::ExitCode;

use site::Way;

#[actix_web::main]
async fn main() -> ExitCode {
    let number = |name: &str, usual: usize| {
        std::env::var(name).map_or(usual, |number| number.parse().unwrap())
    };
    let sockets = number("CLUSTER_SOCKETS", 10_000);
    let pushes = number("CLUSTER_PUSHES", 1_000);
    let recover = number("CLUSTER_RECOVER", 5_000);
    let logins = number("CLUSTER_LOGINS", 900);
    raise_open_files(sockets.max(recover));
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|part| !part.starts_with('-'))
        .collect();
    let runs = |part: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == part);

    let mut lost = 0;
    if runs("pushes") {
        pushes::print_head();
        for way in [Way::Redis, Way::Direct] {
            pushes::measure(way, &[sockets / 10, sockets], pushes).await;
        }
        println!();
    }
    if runs("recovery") {
        lost += recovery::of_an_instance(recover).await;
        lost += recovery::of_redis(recover).await;
        println!();
    }
    if runs("costs") {
        lost += costs::measure(&[1, 2, 4], logins).await;
    }
    if lost > 0 {
        eprintln!("{lost} logins were lost");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// Clients and servers need a descriptor for each socket.
fn raise_open_files(sockets: usize) {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).unwrap();
    let needed = (sockets + 2_000) as u64;
    assert!(
        hard >= needed,
        "{needed} open files are needed, {hard} are allowed (ulimit -Hn)"
    );
}
