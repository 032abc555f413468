//! Nothing starts half: a wrong setting ends the start with one sentence.

use std::{fs, net::TcpListener, time::Duration};

use crate::support::{
    Cluster, Place, Program, Server,
    cluster::sibling,
    port::free_port,
    program::{Ended, Environment},
    server::{environment, run, set, wechat},
};

/// A start that cannot succeed says so in this time.
const SOON: Duration = Duration::from_secs(10);

#[actix_web::test]
async fn a_wrong_setting_ends_the_start_with_its_name_its_value_and_what_would_be_right() {
    let refused = Refused::new();
    // Name, value, and a word of what would be right.
    for (name, value, right) in [
        ("SAOMA_LISTEN", "localhost", "127.0.0.1:8080"),
        ("SAOMA_LISTEN", "127.0.0.1:70000", "127.0.0.1:8080"),
        ("SAOMA_ADMIN_LISTEN", "9180", "127.0.0.1:8080"),
        ("SAOMA_PUBLIC_URL", "login.example.com", "https"),
        ("SAOMA_PUBLIC_URL", "ftp://login.example.com/", "https"),
        ("SAOMA_PUBLIC_URL", "https://example.com/login", "host"),
        ("SAOMA_PUBLIC_URL", "http://login.example.com/", "https"),
        ("SAOMA_CHECK", "sometimes", "none"),
        ("SAOMA_CODES", "paper", "live"),
        ("SAOMA_REGISTRATION", "maybe", "open or closed"),
        ("SAOMA_DATABASE_CONNECTIONS", "1", "from 2 to 1000"),
        ("SAOMA_DATABASE_CONNECTIONS", "many", "from 2 to 1000"),
        ("SAOMA_SCAN_TTL", "0s", "90s"),
        ("SAOMA_CONFIRM_TTL", "1 fortnight", "90s"),
        ("SAOMA_REDEEM_TTL", "-5s", "90s"),
        ("SAOMA_PING_INTERVAL", "often", "90s"),
        ("SAOMA_MAX_SOCKETS_PER_ADDRESS", "-1", "whole number"),
        ("SAOMA_RETURN_ORIGINS", "https://example.com/a", "host"),
        ("SAOMA_TRUSTED_PROXIES", "10.0.0.0/99", "10.0.0.0/8"),
        ("SAOMA_CODE_BASE_URL", "cdn", "http"),
        ("SAOMA_SECRET_KEY_FILE", "/nowhere/key", "readable file"),
        ("SAOMA_GEOIP_CITY", "/nowhere.mmdb", "GeoLite2-City.mmdb"),
        ("SAOMA_GEOIP_ASN", "/dev/zero", "GeoLite2-ASN.mmdb"),
        ("SAOMA_GEOIP_ANONYMOUS", "/proc/version", "Anonymous-IP"),
        (
            "SAOMA_WECHAT_ENV_VERSION",
            "beta",
            "release or trial or develop",
        ),
        ("SAOMA_WECHAT_BASE_URL", "api.weixin.qq.com", "http"),
        ("SAOMA_WECHAT_TRUST_BASE_URL", "yes", "true or false"),
        ("SAOMA_LOG", "saoma=loud", "info"),
        ("SAOMA_LOG_FORMAT", "xml", "text or json"),
    ] {
        let sentence = refused.with(&[(name, value)]).await;
        assert!(sentence.contains(name), "{name}={value}: {sentence}");
        assert!(
            sentence.contains(&format!("\"{value}\"")),
            "{name}={value}: {sentence}"
        );
        let (_, told) = sentence.split_once("Right would be: ").expect(&sentence);
        assert!(told.contains(right), "{name}={value}: {sentence}");
    }
}

#[actix_web::test]
async fn a_stranger_in_wechats_place_is_refused_unless_he_is_trusted() {
    let refused = Refused::new();
    let stranger = "https://wechat.example.com/";
    let sentence = refused
        .with(&[
            ("SAOMA_PUBLIC_URL", "https://login.example.com"),
            ("SAOMA_WECHAT_BASE_URL", stranger),
        ])
        .await;
    for word in [
        "SAOMA_WECHAT_BASE_URL",
        stranger,
        "SAOMA_WECHAT_TRUST_BASE_URL=true",
    ] {
        assert!(sentence.contains(word), "{sentence}");
    }
}

#[actix_web::test]
async fn a_secret_file_that_cannot_be_read_is_named() {
    let mut refused = Refused::new();
    let name = "SAOMA_WECHAT_APP_SECRET";
    refused.environment.retain(|(known, _)| known != name);
    let file = "SAOMA_WECHAT_APP_SECRET_FILE";
    let sentence = refused.with(&[(file, "/nowhere/secret")]).await;
    assert!(sentence.contains(file), "{sentence}");
    assert!(sentence.contains("\"/nowhere/secret\""), "{sentence}");
}

#[actix_web::test]
async fn a_missing_mini_program_is_named() {
    let mut refused = Refused::new();
    for name in ["SAOMA_WECHAT_APP_SECRET", "SAOMA_WECHAT_APP_ID"] {
        refused.environment.retain(|(known, _)| known != name);
        let sentence = refused.with(&[]).await;
        assert!(
            sentence.contains(name) && sentence.contains("missing"),
            "{sentence}"
        );
    }
}

#[actix_web::test]
async fn a_setting_that_nobody_knows_is_refused_in_the_file_and_on_the_command_line() {
    let refused = Refused::new();
    let unknown = "SAOMA_LISTEN_ON";
    fs::write(
        refused.place.join("saoma.toml"),
        format!("{unknown} = \"x\"\n"),
    )
    .unwrap();
    let sentence = refused.with(&[]).await;
    assert!(
        sentence.contains(unknown) && sentence.contains("unknown"),
        "{sentence}"
    );
    fs::remove_file(refused.place.join("saoma.toml")).unwrap();
    let set = format!("{unknown}=x");
    let sentence = refused
        .run(&["serve", "--set", &set], &refused.environment)
        .await;
    assert!(
        sentence.contains(unknown) && sentence.contains("unknown"),
        "{sentence}"
    );
}

#[actix_web::test]
async fn a_file_that_is_no_settings_file_is_refused() {
    let refused = Refused::new();
    for text in ["SAOMA_LISTEN = [1, 2]\n", "this is no toml\n"] {
        fs::write(refused.place.join("saoma.toml"), text).unwrap();
        let sentence = refused.with(&[]).await;
        assert!(sentence.contains("Right would be"), "{sentence}");
        // The line may be a secret whose quotes were forgotten.
        assert!(!sentence.contains("this is"), "{sentence}");
    }
}

#[actix_web::test]
async fn a_secret_of_a_wrong_form_is_not_repeated() {
    let refused = Refused::new();
    let database = Cluster::shared_database().await;
    let options = [
        ("SAOMA_SECRET_KEY", "correct-horse"),
        ("DATABASE_URL", &database),
    ];
    let sentence = refused.with(&options).await;
    assert!(sentence.contains("SAOMA_SECRET_KEY"), "{sentence}");
    assert!(sentence.contains("32 bytes"), "{sentence}");
    assert!(!sentence.contains("correct-horse"), "{sentence}");
    for url in [
        "mysql://saoma:correct-horse@localhost/saoma",
        "correct-horse",
    ] {
        let sentence = refused.with(&[("DATABASE_URL", url)]).await;
        assert!(sentence.contains("DATABASE_URL"), "{sentence}");
        assert!(!sentence.contains("correct-horse"), "{sentence}");
    }
}

#[actix_web::test]
async fn a_database_that_cannot_be_reached_ends_the_start_within_seconds() {
    let refused = Refused::new();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = silent.local_addr().unwrap();
    let nobody = free_port();
    let missing = sibling(&Cluster::shared_database().await, "no_such_database");
    for (url, why) in [
        (
            format!("postgres://saoma:correct-horse@127.0.0.1:{nobody}/saoma"),
            "refused",
        ),
        (
            format!("postgres://saoma:correct-horse@{silent}/saoma"),
            "time",
        ),
        (
            "postgres://saoma@%2Fnowhere/saoma".to_owned(),
            "No such file",
        ),
        (missing, "does not exist"),
    ] {
        let sentence = refused.with(&[("DATABASE_URL", &url)]).await;
        assert!(sentence.contains("DATABASE_URL"), "{url}: {sentence}");
        assert!(sentence.contains(why), "{url}: {sentence}");
        assert!(!sentence.contains("correct-horse"), "{sentence}");
    }
}

#[actix_web::test]
async fn a_database_of_another_secret_key_is_refused() {
    let database = Cluster::shared_database().await;
    let mut server = Server::start_with(Some(&database), &[]).await;
    let key = fs::read_to_string(server.place.join("data/secret.key")).unwrap();
    server.stop().await;
    let refused = Refused::new();
    let sentence = refused.with(&[("DATABASE_URL", &database)]).await;
    assert!(sentence.contains("another SAOMA_SECRET_KEY"), "{sentence}");
    // With the right one, on another machine, it starts.
    let options = [("SAOMA_SECRET_KEY", key.as_str())];
    Server::start_with(Some(&database), &options).await;
}

#[actix_web::test]
async fn a_data_directory_that_cannot_be_made_is_named() {
    let refused = Refused::new();
    let file = refused.place.join("file");
    fs::write(&file, "").unwrap();
    let path = file.join("data").to_str().unwrap().to_owned();
    let sentence = refused.with(&[("SAOMA_DATA_DIR", &path)]).await;
    assert!(
        sentence.contains("SAOMA_DATA_DIR") && sentence.contains(&path),
        "{sentence}"
    );
}

#[actix_web::test]
async fn a_taken_port_is_named_and_no_postgres_is_left() {
    let refused = Refused::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    for name in ["SAOMA_LISTEN", "SAOMA_ADMIN_LISTEN"] {
        // Without DATABASE_URL: it would start a PostgreSQL of its own.
        let sentence = refused.with(&[(name, &taken)]).await;
        assert!(
            sentence.contains(name) && sentence.contains(&taken),
            "{sentence}"
        );
        assert_eq!(refused.place.processes(), Vec::<String>::new());
    }
}

#[actix_web::test]
async fn a_second_server_on_one_data_directory_is_refused() {
    let mut first = Server::start_private().await;
    let mut environment = first.environment.clone();
    let (port, admin) = (free_port(), free_port());
    set(
        &mut environment,
        &[
            ("SAOMA_LISTEN", &format!("127.0.0.1:{port}")),
            ("SAOMA_ADMIN_LISTEN", &format!("127.0.0.1:{admin}")),
        ],
    );
    let ended = run(&["serve"], &environment, &first.place).await;
    let sentence = one_sentence(&ended);
    assert!(sentence.contains("another Saoma"), "{sentence}");
    first.browser().await.open_socket().await;
    assert!(first.program.runs());
}

/// A start that is to fail.
struct Refused {
    place: Place,
    environment: Environment,
}

impl Refused {
    fn new() -> Self {
        let place = Place::new();
        let port = free_port();
        let wechat = wechat("http://localhost");
        let environment = environment(&place, port, free_port(), None, &wechat, &[]);
        Self { place, environment }
    }

    /// The sentence that `saoma serve` ends with.
    async fn with(&self, options: &[(&str, &str)]) -> String {
        let mut environment = self.environment.clone();
        set(&mut environment, options);
        self.run(&["serve"], &environment).await
    }

    async fn run(&self, arguments: &[&str], environment: &Environment) -> String {
        let mut program = Program::start(arguments, environment, self.place.path());
        one_sentence(&program.ends_within(SOON).await)
    }
}

/// Beside what was logged before, there is one line, and it says why.
#[track_caller]
fn one_sentence(ended: &Ended) -> String {
    assert_eq!(ended.code, Some(1), "{}", ended.err);
    let said: Vec<&str> = ended.err.lines().collect();
    let (last, before) = said.split_last().expect("it says something");
    assert!(last.starts_with("saoma: "), "{}", ended.err);
    assert!(
        before.iter().all(|line| line.contains(" INFO ")),
        "more than one sentence: {}",
        ended.err
    );
    (*last).to_owned()
}
