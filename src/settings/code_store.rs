//! Where the images of codes are kept.

use std::path::{Path, PathBuf};

use rusty_s3::{Bucket, UrlStyle};
use secrecy::SecretString;
use url::{Host, Url};

use super::{SettingsError, parse::Values, refuse::is_near};

const STORE: &str = "SAOMA_CODE_STORE";
const RIGHT: &str = "a folder, or s3://bucket/prefix?region=cn-hangzhou&endpoint=https://s3.oss-cn-hangzhou.aliyuncs.com";

/// A place for images.
#[derive(Debug, Clone)]
pub enum CodeStore {
    /// A folder of this machine, or one that it has mounted.
    Folder(PathBuf),
    /// A bucket of S3-compatible storage.
    Bucket(BucketSettings),
}

/// A bucket, and the key to it.
#[derive(Debug, Clone)]
pub struct BucketSettings {
    /// Its address, name, region and style.
    pub bucket: Bucket,
    /// What the names of objects begin with; empty, or with a slash at its end.
    pub prefix: String,
    /// The access key's id.
    pub key_id: SecretString,
    /// The access key's secret.
    pub secret: SecretString,
}

impl CodeStore {
    pub(super) fn from_values(values: &Values, data_dir: &Path) -> Result<Self, SettingsError> {
        let text = values.text(STORE, "")?;
        match text.split_once("://") {
            None if text.is_empty() => Ok(Self::Folder(data_dir.join("codes"))),
            None => Ok(Self::Folder(PathBuf::from(text))),
            Some(("s3", _)) => BucketSettings::from_values(values, &text).map(Self::Bucket),
            Some((scheme, _)) => {
                let problem = format!("this version knows no {scheme}; OSS and COS speak S3");
                Err(wrong(&text, problem))
            }
        }
    }
}

impl BucketSettings {
    fn from_values(values: &Values, text: &str) -> Result<Self, SettingsError> {
        let url = Url::parse(text).map_err(|error| wrong(text, error))?;
        if !url.username().is_empty() || url.password().is_some() {
            // The text is not shown: there is a secret in it.
            let problem = "keys stand in settings of their own";
            let right = "SAOMA_CODE_STORE_KEY_ID and SAOMA_CODE_STORE_SECRET";
            return Err(SettingsError::secret(STORE, problem, right));
        }
        let address = Address::read(&url).map_err(|problem| wrong(text, problem))?;
        let key = |name, right| {
            let key = values.secret(name)?;
            key.ok_or_else(|| SettingsError::missing(name, right))
        };
        Ok(Self {
            bucket: address.bucket(text)?,
            prefix: address.prefix,
            key_id: key(
                "SAOMA_CODE_STORE_KEY_ID",
                "the id of an access key that may use the bucket",
            )?,
            secret: key(
                "SAOMA_CODE_STORE_SECRET",
                "the access key's secret, or its file in SAOMA_CODE_STORE_SECRET_FILE",
            )?,
        })
    }
}

/// What an `s3://` address says.
struct Address {
    name: String,
    prefix: String,
    region: String,
    endpoint: Url,
    style: UrlStyle,
}

impl Address {
    fn read(url: &Url) -> Result<Self, String> {
        let (mut region, mut endpoint, mut style) = (None, None, None);
        for (name, value) in url.query_pairs() {
            match &*name {
                "region" => region = Some(value.into_owned()),
                "endpoint" => endpoint = Some(value.into_owned()),
                "style" => style = Some(value.into_owned()),
                _ => return Err(format!("it knows no {name}, but region, endpoint, style")),
            }
        }
        let region = region.filter(|region| !region.is_empty());
        let region = region.ok_or("the region is missing")?;
        let endpoint = match endpoint {
            Some(endpoint) => {
                Url::parse(&endpoint).map_err(|error| format!("endpoint: {error}"))?
            }
            None => amazon(&region).map_err(|error| format!("region: {error}"))?,
        };
        let allowed =
            endpoint.scheme() == "https" || endpoint.scheme() == "http" && is_near(&endpoint);
        if !allowed {
            return Err("over plain http anybody on the way could change codes: https".to_owned());
        }
        // OSS and COS know no other than `virtual`; an address of digits has no names below it.
        let by_name = matches!(endpoint.host(), Some(Host::Domain(name)) if name != "localhost");
        let style = match style.as_deref() {
            Some("virtual") => UrlStyle::VirtualHost,
            Some("path") => UrlStyle::Path,
            None if by_name => UrlStyle::VirtualHost,
            None => UrlStyle::Path,
            Some(_) => return Err("style is virtual or path".to_owned()),
        };
        let prefix = url.path().trim_matches('/');
        if prefix.split('/').any(|part| matches!(part, "." | "..")) || prefix.contains('%') {
            return Err("the prefix is letters, digits, - and _".to_owned());
        }
        let name = url.host_str().unwrap_or_default().to_owned();
        if name.is_empty() {
            return Err("the bucket's name is missing".to_owned());
        }
        Ok(Self {
            name,
            prefix: if prefix.is_empty() {
                String::new()
            } else {
                format!("{prefix}/")
            },
            region,
            endpoint,
            style,
        })
    }

    fn bucket(&self, text: &str) -> Result<Bucket, SettingsError> {
        let (endpoint, name) = (self.endpoint.clone(), self.name.clone());
        Bucket::new(endpoint, self.style, name, self.region.clone())
            .map_err(|error| wrong(text, error))
    }
}

/// Amazon's own storage, which has a domain of its own in China.
fn amazon(region: &str) -> Result<Url, url::ParseError> {
    let china = if region.starts_with("cn-") { ".cn" } else { "" };
    Url::parse(&format!("https://s3.{region}.amazonaws.com{china}"))
}

fn wrong(text: &str, problem: impl std::fmt::Display) -> SettingsError {
    SettingsError::new(STORE, text, problem, RIGHT)
}

#[cfg(test)]
mod tests;
