//! Images in a bucket of S3-compatible storage, such as Aliyun OSS or Tencent COS.
//!
//! rusty-s3 signs, awc sends: no second HTTP client, no second TLS. Requests are signed in their
//! query (Signature Version 4, the payload left to TLS), since OSS knows no chunked signatures.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use awc::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use bytes::Bytes;
use chrono::DateTime;
use rusty_s3::{
    Credentials, S3Action,
    actions::{ListObjectsV2, ListObjectsV2Response},
};
use secrecy::ExposeSecret;

use super::{
    IMMUTABLE,
    error::ImageError,
    exchange::{Answer, ask},
    name::ImageName,
};
use crate::{settings::BucketSettings, wechat::client_config};

/// How long a signature is good, which also forgives a clock that is a little off.
const SIGNED_FOR: Duration = Duration::from_secs(300);
/// No image of WeChat's is longer; nor are the errors of the storage.
const LONGEST_IMAGE: usize = 1024 * 1024;
/// A thousand names take less.
const LONGEST_LIST: usize = 4 * 1024 * 1024;
/// A thousand names each: more than any stock and pool.
const MOST_PAGES: usize = 1000;
/// Connections of one worker; more requests wait for one of them.
pub const BUCKET_CONNECTIONS: usize = 16;

/// A bucket and the key to it, for the whole process.
#[derive(Clone)]
pub(super) struct Place {
    bucket: rusty_s3::Bucket,
    credentials: Credentials,
    prefix: String,
}

impl Place {
    pub(super) fn new(settings: &BucketSettings) -> Self {
        Self {
            bucket: settings.bucket.clone(),
            credentials: Credentials::new(
                settings.key_id.expose_secret(),
                settings.secret.expose_secret(),
            ),
            prefix: settings.prefix.clone(),
        }
    }

    fn key(&self, name: ImageName) -> String {
        format!("{}{name}", self.prefix)
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Place")
            .field("bucket", &self.bucket.base_url().as_str())
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

/// One thread's way to the bucket.
#[derive(Clone)]
pub(super) struct Bucket {
    place: Arc<Place>,
    http: awc::Client,
}

impl Bucket {
    /// Connects to nobody.
    pub(super) fn new(place: Arc<Place>) -> Self {
        let connector = awc::Connector::new()
            .rustls_0_23(client_config())
            .limit(BUCKET_CONNECTIONS);
        let http = awc::Client::builder()
            .connector(connector)
            // A signature is for the one address.
            .disable_redirects()
            // Each request has its own limit, which covers the body as well.
            .disable_timeout()
            .add_default_header(("User-Agent", concat!("saoma/", env!("CARGO_PKG_VERSION"))))
            .finish();
        Self { place, http }
    }

    /// Puts an object, which S3 shows when all of it is there.
    pub(super) async fn put(&self, name: ImageName, bytes: Bytes) -> Result<(), ImageError> {
        let key = self.place.key(name);
        let request = || {
            let mut put = self.bucket().put_object(Some(self.credentials()), &key);
            // A CDN passes these on to browsers.
            let headers = put.headers_mut();
            headers.insert("content-type", name.media_type());
            headers.insert("cache-control", IMMUTABLE);
            self.http
                .put(put.sign(SIGNED_FOR).as_str())
                .insert_header((CONTENT_TYPE, name.media_type()))
                .insert_header((CACHE_CONTROL, IMMUTABLE))
                .send_body(bytes.clone())
        };
        expect_good(&ask(request, LONGEST_IMAGE).await?)
    }

    pub(super) async fn get(&self, name: ImageName) -> Result<Bytes, ImageError> {
        let key = self.place.key(name);
        let request = || {
            let get = self.bucket().get_object(Some(self.credentials()), &key);
            self.http.get(get.sign(SIGNED_FOR).as_str()).send()
        };
        let answer = ask(request, LONGEST_IMAGE).await?;
        if answer.is_missing_object() {
            return Err(ImageError::Missing(name.to_string()));
        }
        expect_good(&answer)?;
        Ok(answer.body)
    }

    /// Deletes an object; one that is not there is deleted.
    pub(super) async fn delete(&self, name: ImageName) -> Result<(), ImageError> {
        let key = self.place.key(name);
        let request = || {
            let delete = self.bucket().delete_object(Some(self.credentials()), &key);
            self.http.delete(delete.sign(SIGNED_FOR).as_str()).send()
        };
        let answer = ask(request, LONGEST_IMAGE).await?;
        if answer.is_missing_object() {
            return Ok(());
        }
        expect_good(&answer)
    }

    /// All names of ours under the prefix, and when the objects were put there.
    pub(super) async fn list(&self) -> Result<Vec<(ImageName, Option<SystemTime>)>, ImageError> {
        let mut names = Vec::new();
        let mut next = None;
        for _ in 0..MOST_PAGES {
            let page = self.page(next.as_deref()).await?;
            names.extend(page.contents.iter().filter_map(|object| {
                let name = ImageName::parse(object.key.strip_prefix(&self.place.prefix)?)?;
                Some((name, object.last_modified.as_deref().and_then(time)))
            }));
            next = page.next_continuation_token;
            if next.is_none() {
                return Ok(names);
            }
        }
        Err(ImageError::Refused(
            "the list of its objects does not end".to_owned(),
        ))
    }

    async fn page(&self, after: Option<&str>) -> Result<ListObjectsV2Response, ImageError> {
        let request = || {
            let mut list = self.bucket().list_objects_v2(Some(self.credentials()));
            list.with_prefix(self.place.prefix.as_str());
            if let Some(after) = after {
                list.with_continuation_token(after);
            }
            self.http.get(list.sign(SIGNED_FOR).as_str()).send()
        };
        let answer = ask(request, LONGEST_LIST).await?;
        expect_good(&answer)?;
        let text = std::str::from_utf8(&answer.body).unwrap_or_default();
        ListObjectsV2::parse_response(text)
            .map_err(|_| ImageError::Refused("its list of objects cannot be read".to_owned()))
    }

    fn bucket(&self) -> &rusty_s3::Bucket {
        &self.place.bucket
    }

    fn credentials(&self) -> &Credentials {
        &self.place.credentials
    }
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.place.fmt(f)
    }
}

fn time(text: &str) -> Option<SystemTime> {
    Some(DateTime::parse_from_rfc3339(text).ok()?.into())
}

fn expect_good(answer: &Answer) -> Result<(), ImageError> {
    if answer.is_good() {
        return Ok(());
    }
    Err(answer.refusal())
}
