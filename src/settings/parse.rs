//! From text to typed values; every failure names the setting and what would be right.

use std::{
    collections::BTreeMap,
    env,
    fmt::Display,
    fs,
    net::{IpAddr, SocketAddr},
    ops::RangeInclusive,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use figment::{
    Figment,
    providers::{Format, Toml},
    value::Value,
};
use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{Flags, duration, flags::NAMES};
use crate::broker::redis::Address;

/// A setting that stops the start.
#[derive(Debug, thiserror::Error)]
#[error("{name}{}: {problem}. Right would be: {right}", shown(.value.as_ref()))]
pub struct SettingsError {
    name: String,
    /// None for a missing or secret value, which is never printed.
    value: Option<String>,
    problem: String,
    right: String,
}

fn shown(value: Option<&String>) -> String {
    value
        .map(|value| format!(" is \"{value}\""))
        .unwrap_or_default()
}

impl SettingsError {
    pub(super) fn new(name: &str, value: &str, problem: impl Display, right: &str) -> Self {
        Self {
            name: name.to_owned(),
            value: Some(value.to_owned()),
            problem: problem.to_string(),
            right: right.to_owned(),
        }
    }

    pub(super) fn missing(name: &str, right: &str) -> Self {
        Self {
            name: name.to_owned(),
            value: None,
            problem: "this setting is missing".to_owned(),
            right: right.to_owned(),
        }
    }

    pub(super) fn secret(name: &str, problem: impl Display, right: &str) -> Self {
        Self {
            value: None,
            ..Self::new(name, "", problem, right)
        }
    }
}

/// All settings as text, by name.
pub(super) struct Values(BTreeMap<String, String>);

impl Values {
    /// `saoma.toml`, then the environment, then flags: the later wins.
    pub(super) fn read(flags: &Flags) -> Result<Self, SettingsError> {
        let mut values = from_file(flags)?;
        values
            .extend(env::vars().filter(|(name, value)| {
                NAMES.contains(&name.as_str()) && !value.trim().is_empty()
            }));
        for pair in &flags.set {
            let (name, value) = pair
                .split_once('=')
                .ok_or_else(|| SettingsError::new("--set", pair, "there is no =", "NAME=VALUE"))?;
            known(name)?;
            values.insert(name.to_owned(), value.to_owned());
        }
        values.extend(
            flags
                .named()
                .map(|(name, value)| (name.to_owned(), value.clone())),
        );
        Ok(Self(values))
    }

    #[cfg(test)]
    pub(super) fn of(pairs: &[(&str, &str)]) -> Self {
        let pairs = pairs.iter();
        Self(
            pairs
                .map(|&(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        )
    }

    /// A value for a setting that is not there.
    pub(super) fn default(&mut self, name: &str, value: &str) {
        self.0
            .entry(name.to_owned())
            .or_insert_with(|| value.to_owned());
    }

    fn get(&self, name: &str) -> Option<&str> {
        debug_assert!(NAMES.contains(&name), "{name} is not listed");
        self.0.get(name).map(|value| value.trim())
    }

    pub(super) fn flag(&self, name: &str) -> Result<bool, SettingsError> {
        Ok(self.one_of(name, "false", &["true", "false"])? == "true")
    }

    pub(super) fn text(&self, name: &str, default: &str) -> Result<String, SettingsError> {
        let value = self.get(name).unwrap_or(default);
        if value.chars().any(char::is_control) {
            return Err(SettingsError::new(
                name,
                &value.escape_debug().to_string(),
                "it has a control character",
                "one line of plain text",
            ));
        }
        Ok(value.to_owned())
    }

    pub(super) fn path(&self, name: &str) -> Result<Option<PathBuf>, SettingsError> {
        let path = self.text(name, "")?;
        Ok((!path.is_empty()).then(|| PathBuf::from(path)))
    }

    pub(super) fn one_of(
        &self,
        name: &str,
        default: &str,
        allowed: &[&str],
    ) -> Result<String, SettingsError> {
        let value = self.get(name).unwrap_or(default);
        if allowed.contains(&value) {
            return Ok(value.to_owned());
        }
        let right = allowed.join(" or ");
        Err(SettingsError::new(
            name,
            value,
            "this version does not know it",
            &right,
        ))
    }

    /// From `NAME`, or from the file that `NAME_FILE` names.
    pub(super) fn secret(&self, name: &str) -> Result<Option<SecretString>, SettingsError> {
        let file = format!("{name}_FILE");
        if let Some(value) = self.get(name) {
            return Ok(Some(SecretString::from(value)));
        }
        if !NAMES.contains(&file.as_str()) {
            return Ok(None);
        }
        let Some(path) = self.get(&file) else {
            return Ok(None);
        };
        let text = fs::read_to_string(path)
            .map_err(|error| SettingsError::new(&file, path, error, "a readable file"))?;
        Ok(Some(SecretString::from(text.trim())))
    }

    /// An address of Redis, which may hold a password.
    pub(super) fn redis(&self, name: &str) -> Result<Option<SecretString>, SettingsError> {
        let url = self.secret(name)?;
        let known = |url: &SecretString| Address::parse(url.expose_secret()).is_some();
        if url.as_ref().is_none_or(known) {
            return Ok(url);
        }
        let problem = "it is no address of Redis";
        Err(SettingsError::secret(name, problem, Address::RIGHT))
    }

    pub(super) fn address(&self, name: &str, default: &str) -> Result<SocketAddr, SettingsError> {
        self.parsed(
            name,
            default,
            "an address and a port, such as 127.0.0.1:8080",
        )
    }

    pub(super) fn number(
        &self,
        name: &str,
        default: u32,
        range: RangeInclusive<u32>,
    ) -> Result<u32, SettingsError> {
        let right = format!("a whole number from {} to {}", range.start(), range.end());
        let number = self.parsed(name, &default.to_string(), &right)?;
        if range.contains(&number) {
            return Ok(number);
        }
        Err(SettingsError::new(
            name,
            &number.to_string(),
            "it is out of range",
            &right,
        ))
    }

    /// Whole seconds, or a number with `ms`, `s`, `m`, `h` or `d`.
    pub(super) fn duration(&self, name: &str, default: &str) -> Result<Duration, SettingsError> {
        let value = self.get(name).unwrap_or(default);
        let right = "more than nothing, such as 90s, 500ms or 5m";
        duration::parse(value).map_err(|problem| SettingsError::new(name, value, problem, right))
    }

    pub(super) fn duration_of_at_least(
        &self,
        name: &str,
        default: &str,
        least: Duration,
    ) -> Result<Duration, SettingsError> {
        let duration = self.duration(name, default)?;
        if duration >= least {
            return Ok(duration);
        }
        let value = self.get(name).unwrap_or(default);
        let right = format!("{} s or more, such as {default}", least.as_secs());
        Err(SettingsError::new(name, value, "it is too short", &right))
    }

    pub(super) fn url(&self, name: &str, default: &str) -> Result<Url, SettingsError> {
        let url: Url = self.parsed(name, default, "an http or https address")?;
        if matches!(url.scheme(), "http" | "https") && url.has_host() {
            return Ok(url);
        }
        Err(SettingsError::new(
            name,
            url.as_str(),
            "this is no web address",
            "https://…",
        ))
    }

    pub(super) fn optional_url(&self, name: &str) -> Result<Option<Url>, SettingsError> {
        self.get(name)
            .map(|value| self.url(name, value))
            .transpose()
    }

    /// A URL with nothing behind its host and port.
    pub(super) fn origin(&self, name: &str, default: &str) -> Result<Url, SettingsError> {
        let url = self.url(name, default)?;
        if url.host_str().is_some_and(|host| host.contains('*')) {
            return Err(SettingsError::new(
                name,
                url.as_str(),
                "a star stands for nothing here",
                "each host by its name",
            ));
        }
        if url.path() == "/" && url.query().is_none() && url.fragment().is_none() {
            return Ok(url);
        }
        let right = "scheme, host and port only, such as https://login.example.com";
        Err(SettingsError::new(
            name,
            url.as_str(),
            "there is something behind the host",
            right,
        ))
    }

    pub(super) fn origins(&self, name: &str) -> Result<Vec<Url>, SettingsError> {
        self.listed(name)
            .map(|part| Self::single(name, part).origin(name, part))
            .collect()
    }

    /// Where somebody can be reached: RFC 9116, section 2.5.3.
    pub(super) fn contacts(&self, name: &str) -> Result<Vec<Url>, SettingsError> {
        let right = "mailto:, https: or tel: addresses, such as mailto:security@example.com";
        let contact = |part: &str| {
            let url = Url::parse(part);
            let url = url.map_err(|error| SettingsError::new(name, part, error, right))?;
            let reaches = match url.scheme() {
                "mailto" => url.path().contains('@'),
                "tel" => !url.path().is_empty(),
                "https" => url.has_host(),
                _ => false,
            };
            let wrong = || SettingsError::new(name, part, "nobody is reached there", right);
            reaches.then_some(url).ok_or_else(wrong)
        };
        self.listed(name).map(contact).collect()
    }

    pub(super) fn networks(&self, name: &str) -> Result<Vec<IpNet>, SettingsError> {
        let right = "networks or addresses, such as 10.0.0.0/8,127.0.0.1";
        let network = |part: &str| {
            part.parse::<IpNet>()
                .or_else(|error| part.parse::<IpAddr>().map(IpNet::from).map_err(|_| error))
                .map_err(|error| SettingsError::new(name, part, error, right))
        };
        self.listed(name).map(network).collect()
    }

    fn single(name: &str, value: &str) -> Self {
        Self(BTreeMap::from([(name.to_owned(), value.to_owned())]))
    }

    fn listed(&self, name: &str) -> impl Iterator<Item = &str> {
        let value = self.get(name).unwrap_or_default();
        value
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
    }

    fn parsed<T: FromStr<Err: Display>>(
        &self,
        name: &str,
        default: &str,
        right: &str,
    ) -> Result<T, SettingsError> {
        let value = self.get(name).unwrap_or(default);
        value
            .parse()
            .map_err(|error| SettingsError::new(name, value, error, right))
    }
}

/// A TOML error in one line, without the lines that it quotes: there may be a secret in them.
fn without_excerpt(error: &str) -> String {
    let lines = error.lines().map(str::trim);
    let kept: Vec<&str> = lines.filter(|line| !line.contains('|')).collect();
    kept.join(" ").trim().to_owned()
}

fn known(name: &str) -> Result<(), SettingsError> {
    if NAMES.contains(&name) {
        return Ok(());
    }
    Err(SettingsError::new(
        "the setting",
        name,
        "its name is unknown",
        "one of those that `saoma serve --help` lists",
    ))
}

fn from_file(flags: &Flags) -> Result<BTreeMap<String, String>, SettingsError> {
    let toml = match &flags.config {
        Some(path) if !path.exists() => {
            let path = path.display().to_string();
            return Err(SettingsError::new(
                "--config",
                &path,
                "there is no such file",
                "a file",
            ));
        }
        Some(path) => Toml::file_exact(path),
        None if Path::new("saoma.toml").exists() => Toml::file_exact("saoma.toml"),
        None => return Ok(BTreeMap::new()),
    };
    let values: BTreeMap<String, Value> = Figment::from(toml).extract().map_err(|error| {
        SettingsError::secret(
            "the settings file",
            without_excerpt(&error.to_string()),
            "lines such as SAOMA_LISTEN = \"…\"",
        )
    })?;
    let mut texts = BTreeMap::new();
    for (name, value) in values {
        known(&name)?;
        let text = value
            .as_str()
            .map(str::to_owned)
            .or_else(|| value.to_i128().map(|number| number.to_string()))
            .or_else(|| value.to_bool().map(|truth| truth.to_string()));
        let text = text.ok_or_else(|| {
            SettingsError::secret(
                &name,
                "it is neither text nor a number",
                "one value in quotes",
            )
        })?;
        texts.insert(name, text);
    }
    Ok(texts)
}
