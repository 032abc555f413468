//! Settings: flags over environment over `saoma.toml` over defaults, checked once at the start.
//!
//! Nothing starts with a wrong value: [`SettingsError`] names the setting, its
//! value and what would be right.

mod code_store;
mod codes;
pub mod duration;
mod flags;
mod parse;
mod pool;
mod refuse;

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

pub use code_store::{BucketSettings, CodeStore};
pub use codes::CodeSettings;
pub use flags::Flags;
pub use parse::SettingsError;
pub use pool::PoolSettings;

use crate::{login::check::CheckPolicy, places::GeoipFiles, wechat::WechatSettings};
use parse::Values;

const HOUR: Duration = Duration::from_secs(3600);

/// Everything that the server can be told. See `saoma serve --help`.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Address of the public server.
    pub listen: SocketAddr,
    /// Address of health, readiness and metrics.
    pub admin_listen: SocketAddr,
    /// The address that browsers use.
    pub public_url: Url,
    /// What the person who scans reads as the site's name.
    pub site_name: String,
    /// Where keys, code images and the private PostgreSQL lie.
    pub data_dir: PathBuf,
    /// Postgres; none: a private one under the data directory.
    pub database_url: Option<SecretString>,
    /// Connections to Postgres.
    pub database_connections: u32,
    /// Redis, which carries news between instances.
    pub redis_url: Option<SecretString>,
    /// Where other instances reach this one's admin address.
    pub internal_url: Option<Url>,
    /// This server process's name, unique among all on one database.
    pub instance: String,
    /// 32 bytes, base64url; none: made once in the data directory.
    pub secret_key: Option<SecretString>,
    /// What a login asks for besides the confirm.
    pub check: CheckPolicy,
    /// The secret key until now, which `secret_key` replaces.
    pub secret_key_old: Option<SecretString>,
    /// What the owner's other systems show to get the access token; none: they get none.
    pub internal_key: Option<SecretString>,
    /// The age at which a signing key is followed by the next.
    pub key_rotation: Duration,
    /// Whether `saoma demo` runs; no setting.
    pub demo: bool,
    /// Whether somebody unknown may register.
    pub registration_open: bool,
    /// Other origins that a login may return to.
    pub return_origins: Vec<Url>,
    /// `aud` of access tokens.
    pub token_audience: String,
    /// Peers whose `X-Forwarded-For` counts.
    pub trusted_proxies: Vec<IpNet>,
    /// Where codes come from.
    pub codes: CodeSettings,
    /// Where browsers find code images, if not here.
    pub code_base_url: Option<Url>,
    /// The owner's address databases.
    pub geoip: GeoipFiles,
    /// Whom to tell of a hole (RFC 9116): `mailto:`, `https:` or `tel:` addresses.
    pub security_contacts: Vec<Url>,
    /// Where browsers tell what the content policy has stopped.
    pub csp_report_url: Option<Url>,
    /// The mini program and WeChat's API.
    pub wechat: Arc<WechatSettings>,
    /// Whether a page on a phone may open the mini program by a link.
    pub opens_by_link: bool,
    /// How long each step of a login may take.
    pub timers: Timers,
    /// How long entries of the audit log are kept.
    pub audit_retention: Duration,
    /// What one address may ask for.
    pub limits: Limits,
}

/// How long each step may take, and how often the server looks again.
#[derive(Debug, Clone, Copy)]
pub struct Timers {
    /// From a code to its scan.
    pub scan: Duration,
    /// From the first scan to the confirm.
    pub confirm: Duration,
    /// Instead of `confirm`, once, when the user is not registered.
    pub register: Duration,
    /// From the confirm to the strict check's digits.
    pub check: Duration,
    /// From the confirm to the redeem.
    pub redeem: Duration,
    /// From the first ticket to the very end.
    pub attempt: Duration,
    /// Between two looks at all waiting attempts.
    pub recheck: Duration,
    /// Between two times that an instance says that it lives.
    pub heartbeat: Duration,
    /// Between two looks at whether what is sent to Redis is heard.
    pub probe: Duration,
    /// Between two pings of a socket.
    pub ping: Duration,
    /// How long a socket stays open after its attempt ended.
    pub idle_after_end: Duration,
    /// How long the other end of a pair, or an attempt's page, may be away before it counts as gone.
    pub absent_after: Duration,
    /// How long a request's head may take, and a connection be idle between two.
    pub head: Duration,
    /// How long a client may leave unread what it was sent.
    pub unread: Duration,
    /// Over which a stopping server closes many sockets.
    pub drain: Duration,
}

/// What may be asked for; 0 switches a limit off.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Open sockets of one address.
    pub sockets_per_address: u32,
    /// Codes for one address in a minute, renewals included.
    pub starts_per_address: u32,
    /// Redeems from one address in a minute.
    pub redeems_per_address: u32,
    /// Scans by one person in a minute.
    pub scans_per_user: u32,
    /// Confirms and refusals by one person in a minute.
    pub confirms_per_user: u32,
    /// Wrong numbers and unknown codes of one person in ten minutes.
    pub failures_per_user: u32,
    /// Accounts that one person may make in an hour.
    pub registrations_per_user: u32,
    /// Codes, phone sessions, scans, confirms, redeems and registrations of all
    /// together in a second, each.
    pub per_second: u32,
}

impl Limits {
    /// No limit at all.
    pub const OFF: Self = Self {
        sockets_per_address: 0,
        starts_per_address: 0,
        redeems_per_address: 0,
        scans_per_user: 0,
        confirms_per_user: 0,
        failures_per_user: 0,
        registrations_per_user: 0,
        per_second: 0,
    };

    fn from_values(values: &Values) -> Result<Self, SettingsError> {
        let number = |name, default| values.number(name, default, 0..=u32::MAX);
        Ok(Self {
            sockets_per_address: number("SAOMA_MAX_SOCKETS_PER_ADDRESS", 64)?,
            starts_per_address: number("SAOMA_MAX_STARTS_PER_ADDRESS", 120)?,
            redeems_per_address: number("SAOMA_MAX_REDEEMS_PER_ADDRESS", 240)?,
            scans_per_user: number("SAOMA_MAX_SCANS_PER_USER", 60)?,
            confirms_per_user: number("SAOMA_MAX_CONFIRMS_PER_USER", 60)?,
            failures_per_user: number("SAOMA_MAX_FAILURES_PER_USER", 20)?,
            registrations_per_user: number("SAOMA_MAX_REGISTRATIONS_PER_USER", 10)?,
            per_second: number("SAOMA_MAX_PER_SECOND", 10_000)?,
        })
    }
}

impl Settings {
    /// Reads all sources and checks every value and what must hold between them.
    pub fn load(flags: &Flags) -> Result<Self, SettingsError> {
        let values = Values::read(flags)?;
        let settings = Self::from_values(&values)?;
        let trusted = values.flag("SAOMA_WECHAT_TRUST_BASE_URL")?;
        refuse::unsafe_combinations(&settings, trusted)?;
        Ok(settings)
    }

    /// Like [`Settings::load`], for commands that need the database alone: a
    /// missing mini program does not matter there.
    pub fn load_for_database(flags: &Flags) -> Result<Self, SettingsError> {
        let mut values = Values::read(flags)?;
        values.default("SAOMA_WECHAT_APP_ID", "none");
        values.default("SAOMA_WECHAT_APP_SECRET", "none");
        Self::from_values(&values)
    }

    /// `SAOMA_LOG` and `SAOMA_LOG_FORMAT`, which are needed before all else is
    /// read; empty where they are not set.
    pub fn log(flags: &Flags) -> Result<[String; 2], SettingsError> {
        let values = Values::read(flags)?;
        Ok([
            values.text("SAOMA_LOG", "")?,
            values.text("SAOMA_LOG_FORMAT", "")?,
        ])
    }

    /// `SAOMA_ADMIN_LISTEN`, for who asks a server that runs how it is.
    pub fn admin_address(flags: &Flags) -> Result<SocketAddr, SettingsError> {
        admin_listen(&Values::read(flags)?)
    }

    fn from_values(values: &Values) -> Result<Self, SettingsError> {
        let check = values.one_of("SAOMA_CHECK", "auto", &["auto", "none", "number", "code"])?;
        refuse::pool_without_check(values)?;
        let public_url = values.origin("SAOMA_PUBLIC_URL", "http://localhost:8080")?;
        let wechat = WechatSettings {
            app_id: values.text("SAOMA_WECHAT_APP_ID", "")?,
            app_secret: values
                .secret("SAOMA_WECHAT_APP_SECRET")?
                .unwrap_or_else(|| SecretString::from("")),
            base_url: values.url("SAOMA_WECHAT_BASE_URL", "https://api.weixin.qq.com")?,
            page: values.text("SAOMA_WECHAT_PAGE", "pages/index/wsLogin")?,
            env_version: values.one_of(
                "SAOMA_WECHAT_ENV_VERSION",
                "release",
                &["release", "trial", "develop"],
            )?,
            width: values.number("SAOMA_CODE_WIDTH", 430, 280..=1280)?,
            timeout: Duration::from_secs(3),
            image_timeout: Duration::from_secs(5),
            longest_pause: values.duration("SAOMA_WECHAT_PAUSE", "60s")?,
        };
        require_wechat(&wechat)?;
        let data_dir = PathBuf::from(values.text("SAOMA_DATA_DIR", "data")?);
        let timers = Timers::from_values(values)?;
        Ok(Self {
            listen: values.address("SAOMA_LISTEN", "127.0.0.1:8080")?,
            admin_listen: admin_listen(values)?,
            site_name: values.text("SAOMA_SITE_NAME", public_url.host_str().unwrap_or("Saoma"))?,
            database_url: values.secret("DATABASE_URL")?,
            database_connections: values.number("SAOMA_DATABASE_CONNECTIONS", 10, 2..=1000)?,
            redis_url: values.redis("REDIS_URL")?,
            internal_url: values.optional_url("SAOMA_INTERNAL_URL")?,
            instance: values.text("SAOMA_INSTANCE", &uuid::Uuid::new_v4().to_string())?,
            secret_key: values.secret("SAOMA_SECRET_KEY")?,
            // Every word that is allowed above is known.
            check: CheckPolicy::parse(&check).unwrap_or(CheckPolicy::Auto),
            secret_key_old: values.secret("SAOMA_SECRET_KEY_OLD")?,
            internal_key: refuse::weak_internal_key(values.secret("SAOMA_INTERNAL_KEY")?)?,
            key_rotation: values.duration_of_at_least("SAOMA_KEY_ROTATION", "90d", HOUR)?,
            demo: false,
            registration_open: values.one_of("SAOMA_REGISTRATION", "open", &["open", "closed"])?
                == "open",
            return_origins: values.origins("SAOMA_RETURN_ORIGINS")?,
            token_audience: values.text(
                "SAOMA_TOKEN_AUDIENCE",
                public_url.as_str().trim_end_matches('/'),
            )?,
            trusted_proxies: values.networks("SAOMA_TRUSTED_PROXIES")?,
            codes: CodeSettings::from_values(values, &data_dir, &timers)?,
            data_dir,
            code_base_url: values.optional_url("SAOMA_CODE_BASE_URL")?,
            geoip: GeoipFiles {
                city: values.path("SAOMA_GEOIP_CITY")?,
                asn: values.path("SAOMA_GEOIP_ASN")?,
                anonymous: values.path("SAOMA_GEOIP_ANONYMOUS")?,
            },
            security_contacts: values.contacts("SAOMA_SECURITY_CONTACT")?,
            csp_report_url: values.optional_url("SAOMA_CSP_REPORT_URL")?,
            opens_by_link: values.flag("SAOMA_WECHAT_LINK")?,
            timers,
            audit_retention: values.duration("SAOMA_AUDIT_RETENTION", "180d")?,
            limits: Limits::from_values(values)?,
            wechat: Arc::new(wechat),
            public_url,
        })
    }

    /// The public URL as browsers write it in `Origin`.
    pub fn public_origin(&self) -> String {
        self.public_url.origin().ascii_serialization()
    }

    /// What a code opens: one that opens something else is never shown here.
    pub fn code_opens(&self) -> String {
        let wechat = &self.wechat;
        let width = wechat.width.to_string();
        let parts = [
            wechat.app_id.as_str(),
            wechat.page.trim_start_matches('/'),
            wechat.env_version.as_str(),
            wechat.base_url.as_str(),
            width.as_str(),
        ];
        let phone = self.codes.phone_url.iter().map(Url::as_str);
        let parts: Vec<_> = parts.into_iter().chain(phone).collect();
        parts.join(" ")
    }

    /// Whether browsers come by https: it decides the cookies' names and HSTS.
    pub fn secure(&self) -> bool {
        self.public_url.scheme() == "https"
    }
}

fn admin_listen(values: &Values) -> Result<SocketAddr, SettingsError> {
    values.address("SAOMA_ADMIN_LISTEN", "127.0.0.1:9180")
}

impl Timers {
    fn from_values(values: &Values) -> Result<Self, SettingsError> {
        Ok(Self {
            scan: values.duration("SAOMA_SCAN_TTL", "120s")?,
            confirm: values.duration("SAOMA_CONFIRM_TTL", "60s")?,
            register: values.duration("SAOMA_REGISTER_TTL", "300s")?,
            check: values.duration("SAOMA_CHECK_TTL", "90s")?,
            redeem: values.duration("SAOMA_REDEEM_TTL", "60s")?,
            attempt: values.duration("SAOMA_ATTEMPT_TTL", "900s")?,
            recheck: values.duration("SAOMA_RECHECK_INTERVAL", "2s")?,
            heartbeat: values.duration("SAOMA_HEARTBEAT_INTERVAL", "5s")?,
            probe: values.duration("SAOMA_PROBE_INTERVAL", "3s")?,
            ping: values.duration("SAOMA_PING_INTERVAL", "25s")?,
            idle_after_end: values.duration("SAOMA_IDLE_AFTER_END", "300s")?,
            absent_after: values.duration("SAOMA_ABSENT_AFTER", "6s")?,
            head: values.duration("SAOMA_HEAD_TIMEOUT", "5s")?,
            unread: values.duration("SAOMA_UNREAD_TIMEOUT", "7s")?,
            drain: values.duration("SAOMA_DRAIN", "10s")?,
        })
    }
}

fn require_wechat(wechat: &WechatSettings) -> Result<(), SettingsError> {
    if wechat.app_id.is_empty() {
        return Err(SettingsError::missing(
            "SAOMA_WECHAT_APP_ID",
            "the mini program's AppID, such as wx0123456789abcdef",
        ));
    }
    if wechat.app_secret.expose_secret().is_empty() {
        return Err(SettingsError::missing(
            "SAOMA_WECHAT_APP_SECRET",
            "the mini program's AppSecret, or its file in SAOMA_WECHAT_APP_SECRET_FILE",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
