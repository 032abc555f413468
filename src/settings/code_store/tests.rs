use super::*;

const OSS: &str =
    "s3://codes/login?region=cn-hangzhou&endpoint=https://s3.oss-cn-hangzhou.aliyuncs.com";

fn load(store: &str) -> Result<CodeStore, SettingsError> {
    let values = Values::of(&[
        (STORE, store),
        ("SAOMA_CODE_STORE_KEY_ID", "key-id"),
        ("SAOMA_CODE_STORE_SECRET", "canary-store-secret"),
    ]);
    CodeStore::from_values(&values, Path::new("data"))
}

fn address(store: &str) -> String {
    match load(store).unwrap() {
        CodeStore::Folder(path) => path.display().to_string(),
        CodeStore::Bucket(settings) => {
            let key = format!("{}x.jpg", settings.prefix);
            settings.bucket.object_url(&key).to_string()
        }
    }
}

fn refusal(store: &str) -> String {
    load(store).expect_err("this store is wrong").to_string()
}

#[test]
fn a_store_is_a_folder_or_a_bucket() {
    assert_eq!(address(""), "data/codes");
    assert_eq!(address("/srv/codes"), "/srv/codes");
    assert_eq!(
        address(OSS),
        "https://codes.s3.oss-cn-hangzhou.aliyuncs.com/login/x.jpg"
    );
    assert_eq!(
        address(
            "s3://codes-1250000000?region=ap-guangzhou&endpoint=https://cos.ap-guangzhou.myqcloud.com"
        ),
        "https://codes-1250000000.cos.ap-guangzhou.myqcloud.com/x.jpg"
    );
    assert_eq!(
        address("s3://codes/a/b/?region=cn-north-1"),
        "https://codes.s3.cn-north-1.amazonaws.com.cn/a/b/x.jpg"
    );
}

#[test]
fn a_bucket_near_by_has_its_name_in_the_path() {
    assert_eq!(
        address("s3://codes?region=x&endpoint=http://127.0.0.1:9000"),
        "http://127.0.0.1:9000/codes/x.jpg"
    );
    assert_eq!(
        address("s3://codes?region=x&endpoint=http://codes.localhost:9000&style=path"),
        "http://codes.localhost:9000/codes/x.jpg"
    );
}

#[test]
fn a_store_that_cannot_work_is_refused_with_its_reason() {
    for (store, reason) in [
        ("oss://codes", "OSS and COS speak S3"),
        ("s3://codes", "region is missing"),
        ("s3:///prefix?region=x", "bucket's name is missing"),
        ("s3://codes?region=x&acl=public", "knows no acl"),
        ("s3://codes?region=x&style=other", "virtual or path"),
        ("s3://codes?region=x&endpoint=nowhere", "endpoint"),
        (
            "s3://codes?region=x&endpoint=http://oss.example.com",
            "https",
        ),
        ("s3://codes/a%20b?region=x", "prefix"),
    ] {
        let refusal = refusal(store);
        assert!(refusal.contains(STORE), "{refusal}");
        assert!(refusal.contains(reason), "{store}: {refusal}");
    }
}

#[test]
fn keys_never_stand_in_the_address_nor_in_what_is_shown() {
    let refusal = refusal("s3://key:canary-store-secret@codes?region=x");
    assert!(refusal.contains("SAOMA_CODE_STORE_SECRET"), "{refusal}");
    assert!(!refusal.contains("canary"), "{refusal}");
    let shown = format!("{:?}", load(OSS).unwrap());
    assert!(!shown.contains("canary"), "{shown}");
}

#[test]
fn a_bucket_needs_its_key() {
    let values = Values::of(&[(STORE, OSS)]);
    let refusal = CodeStore::from_values(&values, Path::new("data")).unwrap_err();
    assert!(refusal.to_string().contains("SAOMA_CODE_STORE_KEY_ID"));
}
