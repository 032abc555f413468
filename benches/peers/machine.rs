//! The machine on which all was measured, and the versions of what ran there.

use std::{fs, path::Path, process::Command};

/// A list in Markdown.
pub fn describe() -> String {
    let cpu = field("/proc/cpuinfo", "model name");
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let threads = read("/sys/devices/system/cpu/smt/active");
    let threads = if threads == "1" {
        ", two threads a core"
    } else {
        ""
    };
    let memory = field("/proc/meminfo", "MemTotal");
    let memory = memory
        .trim_end_matches(" kB")
        .parse::<f64>()
        .unwrap_or_default();
    let steal = read("/proc/stat");
    let steal = steal.split_whitespace().nth(8).unwrap_or("?").to_owned();
    let kernel = [
        ("somaxconn", "/proc/sys/net/core/somaxconn"),
        ("local ports", "/proc/sys/net/ipv4/ip_local_port_range"),
        ("tcp_mem", "/proc/sys/net/ipv4/tcp_mem"),
        ("huge pages", "/sys/kernel/mm/transparent_hugepage/enabled"),
    ];
    let kernel = kernel.map(|(name, path)| format!("{name} {}", read(path).replace('\t', " ")));
    let (_, files) =
        nix::sys::resource::getrlimit(nix::sys::resource::Resource::RLIMIT_NOFILE).unwrap();
    [
        format!("- {cores} processors ({cpu}{threads}), {:.0} GiB; time stolen by the host since its start: {steal} ticks", memory / 1024.0 / 1024.0),
        format!("- Linux {}; {files} open files a process; {}", said("uname", &["-r"]), kernel.join("; ")),
        format!("- {}; {}; {}; Node {}; {}; nchan {}", said("rustc", &["--version"]), postgres(), said("nginx", &["-v"]), said("node", &["--version"]), said("python3", &["--version"]), said("dpkg-query", &["-W", "-f", "${Version}", "libnginx-mod-nchan"])),
        format!("- {}", packages()),
        format!("- {}", flushes()),
        format!("- Saoma {}", said("git", &["describe", "--always", "--dirty"])),
    ]
    .join("\n")
        + "\n"
}

/// Versions of the peers, from their lock files.
fn packages() -> String {
    let peers = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers");
    let text = |file: &str| fs::read_to_string(peers.join(file)).unwrap_or_default();
    let node: serde_json::Value =
        serde_json::from_str(&text("node/package-lock.json")).unwrap_or_default();
    let of_node = ["socket.io", "ws", "pg"].map(|name| {
        let version = &node["packages"][format!("node_modules/{name}")]["version"];
        format!("{name} {}", version.as_str().unwrap_or("?"))
    });
    let python = text("channels/requirements.txt");
    let of_python = [
        "django",
        "channels",
        "channels-redis",
        "daphne",
        "uvicorn",
        "websockets",
    ]
    .map(|name| {
        let version = python
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix("=="));
        let version = version.and_then(|version| version.split_whitespace().next());
        format!("{name} {}", version.unwrap_or("?"))
    });
    let lock = text("rust/Cargo.lock");
    let of_rust = [
        "axum",
        "tokio-tungstenite",
        "actix-web",
        "actix-ws",
        "tokio-postgres",
    ]
    .map(|name| {
        let version = lock.split_once(&format!("name = \"{name}\"\nversion = \""));
        let version = version.and_then(|(_, rest)| rest.split('"').next());
        format!("{name} {}", version.unwrap_or("?"))
    });
    [of_node.join(", "), of_python.join(", "), of_rust.join(", ")].join("; ")
}

/// How long the disk takes to keep something, as PostgreSQL's own program measures it.
fn flushes() -> String {
    let Some(bin) = postgres_bin() else {
        return "no `pg_test_fsync`".to_owned();
    };
    let file = std::env::temp_dir().join(format!("saoma-flush-{}", std::process::id()));
    let mut command = Command::new(bin.join("pg_test_fsync"));
    let output = command.args(["-s", "1", "-f"]).arg(&file).output();
    let _ = fs::remove_file(&file);
    let output = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let output = output.unwrap_or_default();
    let line = output
        .lines()
        .find(|line| line.trim_start().starts_with("fdatasync"));
    let line = line
        .unwrap_or("fdatasync ?")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    format!("`pg_test_fsync`: {line}")
}

/// Where PostgreSQL's programs are.
pub fn postgres_bin() -> Option<std::path::PathBuf> {
    let mut versions: Vec<_> = fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .flatten()
        .collect();
    versions.sort_by_key(|version| {
        version
            .file_name()
            .to_str()
            .and_then(|name| name.parse::<u32>().ok())
    });
    Some(versions.pop()?.path().join("bin"))
}

fn postgres() -> String {
    let bin = postgres_bin().unwrap_or_default();
    said(&bin.join("postgres").display().to_string(), &["--version"])
}

/// The first line that a program says.
fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let Ok(output) = output else {
        return format!("no {program}");
    };
    let all = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&all)
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned()
}

fn field(file: &str, name: &str) -> String {
    let text = read(file);
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.split_once(':'));
    line.map_or("?", |(_, value)| value.trim()).to_owned()
}

fn read(file: &str) -> String {
    fs::read_to_string(file)
        .unwrap_or_default()
        .trim()
        .to_owned()
}
