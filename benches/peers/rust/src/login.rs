//! The login that all three programs have in common: five statements and the messages.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use deadpool_postgres::{Config, ManagerConfig, Pool, PoolConfig, RecyclingMethod, Runtime};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio_postgres::{NoTls, Row, types::ToSql};
use uuid::Uuid;

const OPEN: &str = include_str!("../../sql/open.sql");
const PHONE: &str = include_str!("../../sql/phone.sql");
const SCAN: &str = include_str!("../../sql/scan.sql");
const CONFIRM: &str = include_str!("../../sql/confirm.sql");
const REDEEM: &str = include_str!("../../sql/redeem.sql");

/// What went wrong; the answer's status.
pub type Status = u16;

const UNAUTHORIZED: Status = 401;
const GONE: Status = 410;
const BROKEN: Status = 500;

#[derive(Clone)]
pub struct Login {
    durable: Pool,
    relaxed: Pool,
    port: u16,
}

/// An answer to a phone, and what its browser is told.
pub struct Told {
    pub attempt: Uuid,
    pub message: String,
    pub answer: Value,
}

/// What a browser gets for its confirmed attempt.
pub struct Redeemed {
    pub cookie: String,
    pub answer: Value,
}

impl Login {
    pub fn new(port: u16) -> Self {
        // A row of an open page that is lost in a crash means that its browser gets a new code,
        // no more; Saoma's are written so too.
        Self {
            durable: pool(None),
            relaxed: pool(Some("-c synchronous_commit=off")),
            port,
        }
    }

    /// Writes a new attempt; its ticket may be sent afterwards.
    pub async fn open(&self, secret: &str) -> Result<(Uuid, String), Status> {
        let attempt = Uuid::new_v4();
        // A code of the stock: the image's name stands for a scene here, which the clients know.
        let image: [u8; 32] = rand::random();
        let name = format!("{}.png", hex(&image));
        let scene = BASE64.encode(&image[..24]);
        let (secret, scene) = (hash_of_secret(secret), hash(scene.as_bytes()));
        run(&self.relaxed, OPEN, &[&attempt, &secret, &scene, &name]).await?;
        let port = self.port;
        // In the protocol's order, which a map would not keep.
        let ticket = format!(
            r#"{{"type":"ticket","attempt":"{attempt}","version":1,"code_url":"http://localhost:{port}/codes/{name}","expires_in":3600,"source":"stock"}}"#
        );
        Ok((attempt, ticket))
    }

    pub async fn scan(&self, authorization: &str, body: &Value) -> Result<Told, Status> {
        let who = self.who_holds(authorization).await?;
        let nonce: [u8; 32] = rand::random();
        let scene = hash(body["scene"].as_str().unwrap_or_default().as_bytes());
        let entry = i32::try_from(body["entry_scene"].as_i64().unwrap_or_default()).unwrap_or(0);
        let nonce_hash = hash(&nonce);
        let (app, openid): (&str, &str) = (who.get(0), who.get(1));
        let row = run(
            &self.durable,
            SCAN,
            &[&scene, &app, &openid, &nonce_hash, &entry],
        )
        .await?;
        let row = row.ok_or(GONE)?;
        let (attempt, version): (Uuid, i32) = (row.get(0), row.get(1));
        let message = format!(
            r#"{{"type":"scanned","attempt":"{attempt}","version":{version},"expires_in":3600,"check":"none","number":null}}"#
        );
        let answer = json!({
            "attempt": attempt.to_string(), "nonce": BASE64.encode(nonce),
            "expires_in": 3600, "check": "none",
        });
        Ok(Told {
            attempt,
            message,
            answer,
        })
    }

    pub async fn confirm(&self, authorization: &str, body: &Value) -> Result<Told, Status> {
        let who = self.who_holds(authorization).await?;
        let nonce = hash_of_secret(body["nonce"].as_str().unwrap_or_default());
        let (app, openid, user): (&str, &str, Uuid) = (who.get(0), who.get(1), who.get(2));
        let row = run(&self.durable, CONFIRM, &[&nonce, &app, &openid, &user]).await?;
        let row = row.ok_or(GONE)?;
        let (attempt, version): (Uuid, i32) = (row.get(0), row.get(1));
        let message = format!(
            r#"{{"type":"login_succeeded","attempt":"{attempt}","version":{version},"expires_in":3600}}"#
        );
        Ok(Told {
            attempt,
            message,
            answer: json!({"result": "login_succeeded"}),
        })
    }

    pub async fn redeem(&self, attempt: Uuid, secret: &str) -> Result<Redeemed, Status> {
        let token: [u8; 32] = rand::random();
        let (secret, hash) = (hash_of_secret(secret), hash(&token));
        let parameters: &[&(dyn ToSql + Sync)] = &[&attempt, &secret, &Uuid::new_v4(), &hash];
        let row = run(&self.durable, REDEEM, parameters).await?.ok_or(GONE)?;
        let (user, nickname): (Uuid, Option<String>) = (row.get(0), row.get(1));
        let token = BASE64.encode(token);
        let cookie =
            format!("saoma_session={token}; HttpOnly; SameSite=Lax; Path=/; Max-Age=2592000");
        let user = json!({"id": user.to_string(), "nickname": nickname, "avatar_url": null});
        Ok(Redeemed {
            cookie,
            answer: json!({"user": user, "return_to": null}),
        })
    }

    async fn who_holds(&self, authorization: &str) -> Result<Row, Status> {
        let token = authorization.strip_prefix("Bearer ").unwrap_or_default();
        let row = run(&self.durable, PHONE, &[&hash_of_secret(token)]).await?;
        row.ok_or(UNAUTHORIZED)
    }
}

/// Runs one statement, a transaction of its own.
async fn run(
    pool: &Pool,
    sql: &str,
    parameters: &[&(dyn ToSql + Sync)],
) -> Result<Option<Row>, Status> {
    let ran = async {
        let client = pool.get().await.map_err(|error| error.to_string())?;
        let statement = client
            .prepare_cached(sql)
            .await
            .map_err(|error| error.to_string())?;
        let row = client.query_opt(&statement, parameters).await;
        row.map_err(|error| error.to_string())
    };
    ran.await.map_err(|error| {
        eprintln!("{error}");
        BROKEN
    })
}

fn pool(options: Option<&str>) -> Pool {
    let mut config = Config::new();
    config.url = Some(std::env::var("DATABASE_URL").expect("DATABASE_URL"));
    config.options = options.map(str::to_owned);
    config.pool = Some(PoolConfig::new(10));
    // The default of deadpool-postgres, which asks nothing before each use.
    config.manager = Some(ManagerConfig {
        recycling_method: RecyclingMethod::Fast,
    });
    config
        .create_pool(Some(Runtime::Tokio1), NoTls)
        .expect("a pool")
}

/// The browser's secret in a `Cookie` header.
pub fn secret(cookies: &str) -> &str {
    let mut pairs = cookies.split("; ");
    pairs
        .find_map(|pair| pair.strip_prefix("saoma_browser="))
        .unwrap_or_default()
}

fn hash(bytes: &[u8]) -> Vec<u8> {
    Sha256::digest(bytes).to_vec()
}

fn hash_of_secret(text: &str) -> Vec<u8> {
    hash(&BASE64.decode(text).unwrap_or_default())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Where to listen.
pub fn port() -> u16 {
    std::env::var("PORT")
        .expect("PORT")
        .parse()
        .expect("a port")
}
