//! The command line's form of the settings.

/// Every setting as a flag; each can also stand in the environment or in `saoma.toml`.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Flags {
    /// The settings file [default: saoma.toml, if it exists]
    #[arg(long, value_name = "FILE")]
    pub config: Option<std::path::PathBuf>,
    /// Any setting by its name, such as `--set SAOMA_SCAN_TTL=90s`; may be repeated.
    #[arg(long = "set", value_name = "NAME=VALUE", long_help = SETTINGS_HELP)]
    pub set: Vec<String>,
    /// Address of the public server (`SAOMA_LISTEN`) [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<String>,
    /// The address that browsers use (`SAOMA_PUBLIC_URL`) [default: `http://localhost:8080`]
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,
    /// Address of health and metrics (`SAOMA_ADMIN_LISTEN`) [default: 127.0.0.1:9180]
    #[arg(long, value_name = "ADDRESS")]
    pub admin_listen: Option<String>,
    /// Keys, code images, private PostgreSQL (`SAOMA_DATA_DIR`) [default: data]
    #[arg(long, value_name = "FOLDER")]
    pub data_dir: Option<String>,
    /// What the person who scans reads (`SAOMA_SITE_NAME`) [default: the public URL's host]
    #[arg(long, value_name = "NAME")]
    pub site_name: Option<String>,
}

impl Flags {
    /// The flags that were given, by their settings' names.
    pub(super) fn named(&self) -> impl Iterator<Item = (&'static str, &String)> {
        [
            ("SAOMA_LISTEN", &self.listen),
            ("SAOMA_PUBLIC_URL", &self.public_url),
            ("SAOMA_ADMIN_LISTEN", &self.admin_listen),
            ("SAOMA_DATA_DIR", &self.data_dir),
            ("SAOMA_SITE_NAME", &self.site_name),
        ]
        .into_iter()
        .filter_map(|(name, value)| value.as_ref().map(|value| (name, value)))
    }
}

/// Every setting with its default, as `--help` and the settings file know it.
pub(super) const NAMES: &[&str] = &[
    "DATABASE_URL",
    "REDIS_URL",
    "SAOMA_ABSENT_AFTER",
    "SAOMA_ADMIN_LISTEN",
    "SAOMA_ATTEMPT_TTL",
    "SAOMA_AUDIT_RETENTION",
    "SAOMA_CHECK",
    "SAOMA_CHECK_TTL",
    "SAOMA_CODES",
    "SAOMA_CODE_BASE_URL",
    "SAOMA_CODE_CACHE",
    "SAOMA_CODE_STORE",
    "SAOMA_CODE_STORE_KEY_ID",
    "SAOMA_CODE_STORE_SECRET",
    "SAOMA_CODE_STORE_SECRET_FILE",
    "SAOMA_CODE_WIDTH",
    "SAOMA_CONFIRM_TTL",
    "SAOMA_CSP_REPORT_URL",
    "SAOMA_DATABASE_CONNECTIONS",
    "SAOMA_DATA_DIR",
    "SAOMA_DRAIN",
    "SAOMA_GEOIP_ANONYMOUS",
    "SAOMA_GEOIP_ASN",
    "SAOMA_GEOIP_CITY",
    "SAOMA_HEAD_TIMEOUT",
    "SAOMA_HEARTBEAT_INTERVAL",
    "SAOMA_IDLE_AFTER_END",
    "SAOMA_INSTANCE",
    "SAOMA_INTERNAL_KEY",
    "SAOMA_INTERNAL_KEY_FILE",
    "SAOMA_INTERNAL_URL",
    "SAOMA_KEY_ROTATION",
    "SAOMA_LISTEN",
    "SAOMA_LOG",
    "SAOMA_LOG_FORMAT",
    "SAOMA_MAX_CONFIRMS_PER_USER",
    "SAOMA_MAX_FAILURES_PER_USER",
    "SAOMA_MAX_PER_SECOND",
    "SAOMA_MAX_POOL_PER_ADDRESS",
    "SAOMA_MAX_REDEEMS_PER_ADDRESS",
    "SAOMA_MAX_REGISTRATIONS_PER_USER",
    "SAOMA_MAX_SCANS_PER_USER",
    "SAOMA_MAX_SOCKETS_PER_ADDRESS",
    "SAOMA_MAX_STARTS_PER_ADDRESS",
    "SAOMA_PING_INTERVAL",
    "SAOMA_POOL_ORDER",
    "SAOMA_POOL_QUARANTINE",
    "SAOMA_PROBE_INTERVAL",
    "SAOMA_PUBLIC_URL",
    "SAOMA_RECHECK_INTERVAL",
    "SAOMA_REDEEM_TTL",
    "SAOMA_REGISTER_TTL",
    "SAOMA_REGISTRATION",
    "SAOMA_RETURN_ORIGINS",
    "SAOMA_SCAN_TTL",
    "SAOMA_SECRET_KEY",
    "SAOMA_SECRET_KEY_FILE",
    "SAOMA_SECRET_KEY_OLD",
    "SAOMA_SECRET_KEY_OLD_FILE",
    "SAOMA_SECURITY_CONTACT",
    "SAOMA_SITE_NAME",
    "SAOMA_STOCK_MAX",
    "SAOMA_STOCK_RATE",
    "SAOMA_STOCK_SIZE",
    "SAOMA_TOKEN_AUDIENCE",
    "SAOMA_TRUSTED_PROXIES",
    "SAOMA_UNREAD_TIMEOUT",
    "SAOMA_WECHAT_APP_ID",
    "SAOMA_WECHAT_APP_SECRET",
    "SAOMA_WECHAT_APP_SECRET_FILE",
    "SAOMA_WECHAT_BASE_URL",
    "SAOMA_WECHAT_ENV_VERSION",
    "SAOMA_WECHAT_LINK",
    "SAOMA_WECHAT_PAGE",
    "SAOMA_WECHAT_PAUSE",
    "SAOMA_WECHAT_TRUST_BASE_URL",
];

const SETTINGS_HELP: &str = "\
Any setting by its name, such as `--set SAOMA_SCAN_TTL=90s`; may be repeated.

All settings, for the environment and (as the same names) for saoma.toml:
  DATABASE_URL                   Postgres 15 or newer [default: a private one in the data folder]
  SAOMA_DATABASE_CONNECTIONS     connections to it [10]
  REDIS_URL                      Redis 6 or newer, which carries news between instances [none]
  SAOMA_LISTEN                   address of the public server [127.0.0.1:8080]
  SAOMA_PUBLIC_URL               the address that browsers use [http://localhost:8080]
  SAOMA_ADMIN_LISTEN             address of health and metrics [127.0.0.1:9180]
  SAOMA_DATA_DIR                 keys, code images, private PostgreSQL [data]
  SAOMA_INSTANCE                 this process's name on its database [random]
  SAOMA_INTERNAL_URL             without Redis: where other instances reach the admin address
                                 of this one, such as http://10.0.0.5:9180 [none]
  SAOMA_SECRET_KEY               32 bytes, base64url [made once in the data folder]
  SAOMA_SECRET_KEY_FILE          instead, a file that holds it
  SAOMA_SECRET_KEY_OLD           the key that it replaces, until all is sealed anew
  SAOMA_SECRET_KEY_OLD_FILE      instead, a file that holds it
  SAOMA_INTERNAL_KEY             lets your other systems ask for WeChat's access token
  SAOMA_INTERNAL_KEY_FILE        instead, a file that holds it
  SAOMA_KEY_ROTATION             age at which a signing key is followed by the next [90d]
  SAOMA_SITE_NAME                what the person who scans reads [the public URL's host]
  SAOMA_REGISTRATION             open or closed [open]
  SAOMA_CHECK                    what a login asks for: auto, none, number or code [auto]
  SAOMA_AUDIT_RETENTION          how long the audit log is kept [180d]
  SAOMA_CODES                    where codes come from first: stock, pool or live [stock]
  SAOMA_POOL_ORDER               which free code of the pool is shown: random or lowest [random]
  SAOMA_POOL_QUARANTINE          how long a code of the pool rests before its next login [15m]
  SAOMA_MAX_POOL_PER_ADDRESS     codes of the pool for one address until the first of them
                                 may come back, 0: no limit [10]
  SAOMA_STOCK_SIZE               codes made ahead, at least [2000]
  SAOMA_STOCK_MAX                the most of them, for much use [20000]
  SAOMA_STOCK_RATE               of them in a minute, of WeChat's 5,000 [3000]
  SAOMA_CODE_BASE_URL            where browsers find code images [here]
  SAOMA_CODE_STORE               where they are kept: a folder, or
                                 s3://bucket/prefix?region=…&endpoint=… [codes in the data folder]
  SAOMA_CODE_STORE_KEY_ID        the id of the key to such a bucket
  SAOMA_CODE_STORE_SECRET        the key's secret
  SAOMA_CODE_STORE_SECRET_FILE   instead, a file that holds it
  SAOMA_CODE_CACHE               MB of code images in memory [32]
  SAOMA_CODE_WIDTH               their width in pixels, 280 to 1280 [430]
  SAOMA_RETURN_ORIGINS           other origins that a login may return to, comma-separated
  SAOMA_TOKEN_AUDIENCE           aud of access tokens [the public URL]
  SAOMA_TRUSTED_PROXIES          networks whose X-Forwarded-For counts, comma-separated
  SAOMA_GEOIP_CITY               address database with places, such as GeoLite2-City.mmdb [none]
  SAOMA_GEOIP_ASN                address database with networks, such as GeoLite2-ASN.mmdb [none]
  SAOMA_GEOIP_ANONYMOUS          one with hosting providers: GeoIP2-Anonymous-IP.mmdb [none]
  SAOMA_SECURITY_CONTACT         whom to tell of a hole, such as mailto:security@example.com
  SAOMA_CSP_REPORT_URL           where browsers report what the content policy stopped
  SAOMA_WECHAT_APP_ID            the mini program's AppID
  SAOMA_WECHAT_APP_SECRET        its AppSecret
  SAOMA_WECHAT_APP_SECRET_FILE   instead, a file that holds it
  SAOMA_WECHAT_PAGE              the page that a code opens [pages/index/wsLogin]
  SAOMA_WECHAT_ENV_VERSION       release, trial or develop [release]
  SAOMA_WECHAT_LINK              true: a page on a phone opens the mini program by a link;
                                 needs WeChat's 明文 scheme declaration [false]
  SAOMA_WECHAT_BASE_URL          WeChat's API [https://api.weixin.qq.com]
  SAOMA_WECHAT_TRUST_BASE_URL    true: allow any other API address [false]
  SAOMA_WECHAT_PAUSE             longest pause between calls while WeChat fails [60s]
  SAOMA_SCAN_TTL                 from a code to its scan [120s]
  SAOMA_CONFIRM_TTL              from the first scan to the confirm [60s]
  SAOMA_REGISTER_TTL             instead, once, for somebody not registered [300s]
  SAOMA_CHECK_TTL                from the confirm to the strict check's six digits [90s]
  SAOMA_REDEEM_TTL               from the confirm to the login [60s]
  SAOMA_ATTEMPT_TTL              from the first code to the very end [900s]
  SAOMA_RECHECK_INTERVAL         between two looks at all waiting browsers [2s]
  SAOMA_HEARTBEAT_INTERVAL       between two times that an instance says that it lives [5s]
  SAOMA_PROBE_INTERVAL           between two looks at whether Redis delivers [3s]
  SAOMA_PING_INTERVAL            between two pings of a socket [25s]
  SAOMA_IDLE_AFTER_END           how long a socket stays open after its end [300s]
  SAOMA_ABSENT_AFTER             how long a page or phone may be away before the other end hears of it [6s]
  SAOMA_HEAD_TIMEOUT             for a request's head, and between two requests [5s]
  SAOMA_UNREAD_TIMEOUT           how long a client may leave unread what it was sent [7s]
  SAOMA_DRAIN                    over which a stopping server closes many sockets [10s]
  SAOMA_MAX_SOCKETS_PER_ADDRESS  open sockets of one address, 0: no limit [64]
  SAOMA_MAX_STARTS_PER_ADDRESS   codes for one address in a minute, 0: no limit [120]
  SAOMA_MAX_REDEEMS_PER_ADDRESS  redeems from one address in a minute, 0: no limit [240]
  SAOMA_MAX_SCANS_PER_USER       scans by one person in a minute, 0: no limit [60]
  SAOMA_MAX_CONFIRMS_PER_USER    confirms by one person in a minute, 0: no limit [60]
  SAOMA_MAX_FAILURES_PER_USER    wrong numbers and unknown codes of one person in
                                 ten minutes, 0: no limit [20]
  SAOMA_MAX_REGISTRATIONS_PER_USER  accounts, and pictures, of one person in an hour, 0: no limit [10]
  SAOMA_MAX_PER_SECOND           of each kind, all together, in a second, 0: no limit [10000]
  SAOMA_LOG                      what is logged, such as info or saoma=debug [info]
  SAOMA_LOG_FORMAT               text or json [text]";
