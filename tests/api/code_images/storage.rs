//! Images in S3-compatible storage, by a real server of it.

use std::time::{Duration, Instant, SystemTime};

use actix_web::web::Bytes;
use saoma::codes::ImageError;

use super::{image, images_in, store};
use crate::support::{
    canaries,
    object_storage::{Bucket, KEY_ID, SECRET},
    port::free_port,
};

/// The bucket of a test, which ends here where there is no storage.
macro_rules! bucket {
    () => {
        match Bucket::create().await {
            Some(bucket) => bucket,
            None => return,
        }
    };
}

#[actix_web::test]
async fn an_image_is_kept_as_it_came_with_all_that_a_cdn_needs() {
    let bucket = bucket!();
    let image = image();
    let name = images_in(&bucket).keep(image.clone()).await.unwrap();
    let object = bucket.object(&name).await;
    object.expect(200);
    assert_eq!(object.bytes, image.bytes);
    assert_eq!(object.header("content-type"), "image/jpeg");
    assert_eq!(
        object.header("cache-control"),
        "public, max-age=31536000, immutable"
    );
    let read = images_in(&bucket).read(&name).await.unwrap().unwrap();
    assert_eq!(read.bytes, image.bytes);
    assert_eq!(read.content_type, "image/jpeg");
}

#[actix_web::test]
async fn an_image_that_was_deleted_is_nowhere() {
    let bucket = bucket!();
    let images = images_in(&bucket);
    let name = images.keep_warm(image()).await.unwrap();
    images.delete(&name).await.unwrap();
    bucket.object(&name).await.expect(404);
    assert!(images.read(&name).await.unwrap().is_none());
    assert!(matches!(
        images.warm(&name).await,
        Err(ImageError::Missing(_))
    ));
    // By another instance, or a second time.
    images.delete(&name).await.unwrap();
}

#[actix_web::test]
async fn all_images_are_listed_however_many_they_are() {
    let bucket = bucket!();
    let images = images_in(&bucket);
    images.check().await.unwrap();
    assert!(images.list().await.unwrap().is_empty());
    bucket.fill(1005).await;
    let kept = images.keep(image()).await.unwrap();
    let listed = images.list().await.unwrap();
    let now = SystemTime::now();
    let mut names: Vec<_> = listed
        .into_iter()
        .map(|image| {
            let off = Duration::from_secs(60);
            let put_at = image.put_at.unwrap();
            assert!((now - off..now + off).contains(&put_at), "{put_at:?}");
            image.name
        })
        .collect();
    assert!(names.contains(&kept));
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 1006);
}

#[actix_web::test]
async fn pl9_an_altered_image_in_a_bucket_is_not_given_out() {
    let bucket = bucket!();
    let images = images_in(&bucket);
    let kept = image();
    let name = images.keep(kept.clone()).await.unwrap();
    let mut altered = kept.bytes.to_vec();
    altered[500] ^= 1;
    for other in [&altered[..], &kept.bytes[..100], b""] {
        bucket.alter(&name, Bytes::copy_from_slice(other)).await;
        for result in [
            images.read(&name).await.map(drop),
            images.warm(&name).await,
            images.verify(&name).await.map(drop),
        ] {
            assert!(matches!(result, Err(ImageError::Altered(_))), "{result:?}");
        }
    }
    bucket.alter(&name, kept.bytes.clone()).await;
    assert!(images.read(&name).await.unwrap().is_some());
    assert_eq!(images.verify(&name).await.unwrap(), kept.bytes.len());
}

#[actix_web::test]
async fn warm_images_are_still_read_when_the_storage_is_away() {
    let bucket = bucket!();
    let images = images_in(&bucket);
    let (ready, cold) = (image(), image());
    let ready = images.keep(ready).await.unwrap();
    let cold = images.keep(cold).await.unwrap();
    let new = images.keep_warm(image()).await.unwrap();
    images.warm(&ready).await.unwrap();
    bucket.fault("busy", 1000).await;
    for warm in [&ready, &new] {
        images.warm(warm).await.unwrap();
        assert!(images.read(warm).await.unwrap().is_some());
    }
    for error in [
        images.read(&cold).await.map(drop).unwrap_err(),
        images.warm(&cold).await.unwrap_err(),
        images.keep(image()).await.map(drop).unwrap_err(),
        images.delete(&cold).await.unwrap_err(),
        images.list().await.map(drop).unwrap_err(),
    ] {
        assert!(matches!(error, ImageError::Away(_)), "{error}");
        assert!(error.to_string().contains("SlowDown"), "{error}");
    }
    bucket.fault("busy", 0).await;
    images.warm(&cold).await.unwrap();
}

#[actix_web::test]
async fn a_storage_that_is_busy_or_breaks_off_is_asked_again() {
    let bucket = bucket!();
    let images = images_in(&bucket);
    for (mode, times) in [("busy", 2), ("cut", 2)] {
        bucket.fault(mode, times).await;
        let name = images.keep(image()).await.unwrap();
        bucket.fault(mode, times).await;
        assert!(images.read(&name).await.unwrap().is_some());
        bucket.fault(mode, times).await;
        images.delete(&name).await.unwrap();
    }
}

#[actix_web::test]
async fn a_storage_that_hangs_is_given_up_after_5_seconds() {
    let bucket = bucket!();
    let images = images_in(&bucket);
    bucket.fault("hang", 10).await;
    let began = Instant::now();
    let error = images.keep(image()).await.unwrap_err();
    let took = began.elapsed();
    assert!(matches!(error, ImageError::Away(_)), "{error}");
    assert!(
        took > Duration::from_secs(4) && took < Duration::from_secs(8),
        "{took:?}"
    );
}

#[actix_web::test]
async fn a_storage_that_is_not_there_is_away() {
    let address = format!("http://127.0.0.1:{}", free_port());
    let nowhere = store(&[
        (
            "SAOMA_CODE_STORE",
            &format!("s3://codes?region=x&endpoint={address}"),
        ),
        ("SAOMA_CODE_STORE_KEY_ID", KEY_ID),
        ("SAOMA_CODE_STORE_SECRET", SECRET),
    ]);
    let error = nowhere.images().keep(image()).await.unwrap_err();
    assert!(matches!(error, ImageError::Away(_)), "{error}");
    assert!(error.to_string().contains("refused"), "{error}");
}

#[actix_web::test]
async fn what_is_wrong_with_a_storages_settings_is_said() {
    canaries::met(SECRET);
    let bucket = bucket!();
    let wrong_secret = "another-canary-object-storage-secret";
    let right = bucket.store();
    let no_bucket = right.replace(&bucket.name, "codes-nowhere");
    for (address, key_id, secret, says) in [
        (&right, KEY_ID, wrong_secret, "SAOMA_CODE_STORE_SECRET"),
        (&right, "nobody", SECRET, "SAOMA_CODE_STORE_KEY_ID"),
        (&no_bucket, KEY_ID, SECRET, "bucket's name"),
    ] {
        let images = store(&[
            ("SAOMA_CODE_STORE", address),
            ("SAOMA_CODE_STORE_KEY_ID", key_id),
            ("SAOMA_CODE_STORE_SECRET", secret),
        ])
        .images();
        let name = format!("{}.jpg", "0a".repeat(32));
        for error in [
            images.keep(image()).await.map(drop).unwrap_err(),
            images.warm(&name).await.unwrap_err(),
            images.check().await.unwrap_err(),
        ] {
            assert!(matches!(error, ImageError::Refused(_)), "{error}");
            let text = format!("{error} {error:?} {images:?}");
            assert!(text.contains(says), "{text}");
            assert!(!text.contains(secret), "{text}");
            assert!(!text.contains("X-Amz"), "{text}");
        }
    }
}

#[actix_web::test]
async fn a_storage_that_sends_us_elsewhere_is_not_followed() {
    let bucket = bucket!();
    bucket.fault("elsewhere", 1).await;
    let error = images_in(&bucket).keep(image()).await.unwrap_err();
    assert!(matches!(error, ImageError::Refused(_)), "{error}");
    assert!(error.to_string().contains("endpoint"), "{error}");
}
