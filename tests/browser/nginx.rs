//! A real nginx with `deploy/nginx.conf` or `deploy/nginx-cluster.conf`, their names and ports
//! replaced by a test's own.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use uuid::Uuid;

use crate::{keeper::Keeper, support::port::free_port};

const SITE: &str = include_str!("../../deploy/nginx.conf");
const CLUSTER: &str = include_str!("../../deploy/nginx-cluster.conf");
const INSTANCES: &str = include_str!("../../deploy/nginx-instances.conf");

/// What nginx needs around the site: Debian's package has the like of it in /etc/nginx/nginx.conf.
const AROUND: &str = "
daemon off;
pid nginx.pid;
error_log error.log;
events {}
http {
    log_format requests '\"$request\" $status $scheme';
    access_log access.log requests;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    include site.conf;
}
";

/// An nginx for `https://localhost:<port>`.
#[derive(Debug)]
pub struct Nginx {
    folder: PathBuf,
    tls_port: u16,
    plain_port: u16,
    keeper: Option<Keeper>,
}

impl Nginx {
    /// Chooses the addresses, which the server has to know before it starts.
    pub fn prepare() -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(Uuid::new_v4().to_string());
        fs::create_dir_all(&folder).unwrap();
        let nginx = Self {
            folder,
            tls_port: free_port(),
            plain_port: free_port(),
            keeper: None,
        };
        make_certificate(&nginx.folder);
        nginx
    }

    /// Starts nginx in front of a server.
    pub fn before(self, server: &str) -> Self {
        let site = replaced(SITE, &[("127.0.0.1:8080", &listening(server))]);
        self.start(&site)
    }

    /// Starts nginx in front of these instances.
    pub fn before_instances(self, servers: &[&str]) -> Self {
        let known = |line: &&str| line.starts_with("server 127.0.0.1:8081 ");
        let line = INSTANCES.lines().find(known).unwrap();
        let lines = servers.iter().map(|server| {
            let line = replaced(line, &[("127.0.0.1:8081", &listening(server))]);
            format!("{line}\n")
        });
        let instances: String = lines.collect();
        fs::write(self.folder.join("saoma-instances.conf"), instances).unwrap();
        self.start(CLUSTER)
    }

    fn start(mut self, site: &str) -> Self {
        let path = |name: &str| self.folder.join(name).display().to_string();
        let site = replaced(
            site,
            &[
                (
                    "listen 80;",
                    &format!("listen 127.0.0.1:{};", self.plain_port),
                ),
                ("listen [::]:80;", ""),
                (
                    "listen 443 ssl;",
                    &format!("listen 127.0.0.1:{} ssl;", self.tls_port),
                ),
                ("listen [::]:443 ssl;", ""),
                ("https://login.example.com", &self.url()),
                ("login.example.com.pem", "certificate.pem"),
                ("login.example.com.key", "key.pem"),
                ("/etc/ssl/saoma/", &path("")),
                ("login.example.com", "localhost"),
            ],
        );
        fs::write(path("site.conf"), site).unwrap();
        fs::write(path("nginx.conf"), AROUND).unwrap();

        self.run();
        self
    }

    /// Ends it with all connections, and starts it again.
    pub fn restart(&mut self) {
        drop(self.keeper.take());
        self.run();
    }

    fn run(&mut self) {
        let folder = format!("{}/", self.folder.display());
        let arguments = ["-p", &folder, "-c", "nginx.conf", "-e", "error.log"];
        let checked = Command::new(program()).args(arguments).arg("-t").output();
        let checked = checked.expect("nginx is installed");
        let said = String::from_utf8_lossy(&checked.stderr);
        assert!(checked.status.success(), "{said}");
        assert!(!said.contains("[warn]"), "{said}");
        self.keeper = Some(Keeper::start(program(), &arguments));
        let start = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", self.tls_port)).is_err() {
            assert!(
                start.elapsed() < Duration::from_secs(10),
                "{}",
                self.read("error.log")
            );
            std::thread::yield_now();
        }
    }

    pub fn url(&self) -> String {
        format!("https://localhost:{}", self.tls_port)
    }

    /// What its clients have to trust.
    pub fn certificate(&self) -> PathBuf {
        self.folder.join("certificate.pem")
    }

    /// Where people come who type no https.
    pub fn plain_url(&self) -> String {
        format!("http://localhost:{}/login", self.plain_port)
    }

    /// The log has a request that came by TLS and got this status.
    pub fn expect_line(&self, start: &str, status: &str) {
        let log = self.read("access.log");
        let line = log.lines().find(|line| line.starts_with(start));
        let line = line.unwrap_or_else(|| panic!("no {start} in the log:\n{log}"));
        assert!(line.ends_with(&format!("{status} https")), "{line}");
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder.join(name)).unwrap_or_default()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        drop(self.keeper.take());
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A text with a test's own words in place of these, each of which must be there.
fn replaced(text: &str, words: &[(&str, &str)]) -> String {
    words
        .iter()
        .fold(text.to_owned(), |text, (standing, mine)| {
            assert!(text.contains(standing), "no {standing:?} in {text}");
            text.replace(standing, mine)
        })
}

/// The address behind a server's URL.
fn listening(server: &str) -> String {
    let port = server.trim_start_matches("http://localhost:");
    format!("127.0.0.1:{port}")
}

/// Ordinary users have no sbin on their path, where nginx lies.
fn program() -> &'static str {
    let known = ["/usr/sbin/nginx", "/usr/local/sbin/nginx"];
    let found = known.into_iter().find(|path| Path::new(path).exists());
    found.unwrap_or("nginx")
}

/// Makes `certificate.pem` and `key.pem` for localhost in a folder.
pub fn make_certificate(folder: &Path) {
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
        ])
        .args(["-nodes", "-days", "2", "-subj", "/CN=localhost"])
        .args(["-addext", "subjectAltName=DNS:localhost"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .args(["-keyout", "key.pem", "-out", "certificate.pem"])
        .current_dir(folder)
        .output()
        .expect("openssl is installed");
    assert!(made.status.success(), "{made:?}");
}
