//! S3-compatible storage: moto's server, with signatures checked and faults on request.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::OnceLock,
};

use actix_web::{http::Method, web::Bytes};
use uuid::Uuid;

use super::{Answer, browser::client};

pub const KEY_ID: &str = "saoma-test-key-id";
pub const SECRET: &str = "canary-object-storage-secret";

/// An empty bucket of its own on the storage that all tests share.
pub struct Bucket {
    pub name: String,
    address: String,
}

struct Storage {
    port: u16,
    /// It ends with its standard input, which ends with this process.
    _process: Child,
}

impl Bucket {
    /// None without Python, but in CI there has to be one.
    pub async fn create() -> Option<Self> {
        static STORAGE: OnceLock<Option<Storage>> = OnceLock::new();
        let storage = STORAGE.get_or_init(Storage::start).as_ref()?;
        let bucket = Self {
            name: format!("codes-{}", Uuid::new_v4().simple()),
            address: format!("http://127.0.0.1:{}", storage.port),
        };
        let created = bucket.raw(Method::PUT, "", Bytes::new()).await;
        created.expect(200);
        Some(bucket)
    }

    /// `SAOMA_CODE_STORE` with this bucket.
    pub fn store(&self) -> String {
        format!(
            "s3://{}/login?region=cn-test-1&endpoint={}",
            self.name, self.address
        )
    }

    /// What happens to the next requests: `busy`, `hang`, `cut` or `elsewhere`.
    pub async fn fault(&self, mode: &str, count: u32) {
        self.told(&format!("fault/{}/{mode}/{count}", self.name))
            .await;
    }

    /// So many images at once, all of them empty.
    pub async fn fill(&self, count: u32) {
        self.told(&format!("fill/{}/login/{count}", self.name))
            .await;
    }

    /// The object of an image as it lies there.
    pub async fn object(&self, image: &str) -> Answer {
        self.raw(Method::GET, &format!("login/{image}"), Bytes::new())
            .await
    }

    /// Puts other bytes in an image's place.
    pub async fn alter(&self, image: &str, bytes: Bytes) {
        let path = format!("login/{image}");
        self.raw(Method::PUT, &path, bytes).await.expect(200);
    }

    async fn raw(&self, method: Method, path: &str, bytes: Bytes) -> Answer {
        let address = format!("{}/_test/raw/{}/{path}", self.address, self.name);
        let sent = client().request(method, address).send_body(bytes).await;
        Answer::of(sent.unwrap()).await
    }

    async fn told(&self, what: &str) {
        let address = format!("{}/_test/{what}", self.address);
        let answer = client().get(address).send().await.unwrap();
        Answer::of(answer).await.expect(204);
    }
}

impl Storage {
    fn start() -> Option<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let installed = Command::new(root.join("scripts/venv.sh"))
            .args(["s3", "tests/s3/requirements.txt"])
            .output()
            .unwrap();
        assert!(installed.status.success(), "{installed:?}");
        let python = String::from_utf8(installed.stdout).unwrap();
        if python.is_empty() {
            return None;
        }
        let mut process = Command::new(python.trim())
            .arg(root.join("tests/s3/server.py"))
            .args([KEY_ID, SECRET])
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut said = BufReader::new(process.stdout.take().unwrap());
        said.read_line(&mut line).unwrap();
        Some(Self {
            port: line.trim().parse().unwrap(),
            _process: process,
        })
    }
}
