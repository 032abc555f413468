//! `saoma codes status`: where codes come from, what is left, what it takes.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;
use url::Url;

use super::{Place, bytes, codes, number};
use crate::{
    codes::{Source, pool_rate, refill::forecast::Forecast},
    commands::healthcheck::reachable,
    settings::Flags,
    store::{CodesSize, LeaseRules, OtherCodes, PoolState},
};

/// How long a server may take to say how it is.
const LIMIT: Duration = Duration::from_secs(3);

/// How it is shown.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Print one JSON object instead of lines for people
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    pub(super) flags: Flags,
}

/// All that is known.
struct Status<'a> {
    at: &'a Place<'a>,
    size: CodesSize,
    pool: PoolState,
    others: Vec<OtherCodes>,
    /// Codes of a full stock.
    mark: i64,
    /// Who fills the stock at this moment.
    fills: Option<String>,
    /// What the server here says of where its codes come from; none without a server.
    source: Option<String>,
}

/// Looks at the database, and asks the server that runs here, if one does.
pub(super) async fn run(arguments: &Arguments, at: &Place<'_>) -> anyhow::Result<()> {
    let status = Status::find(at).await?;
    if arguments.json {
        println!("{}", status.json());
    } else {
        status.print();
    }
    Ok(())
}

impl<'a> Status<'a> {
    async fn find(at: &'a Place<'a>) -> anyhow::Result<Self> {
        let opens = at.settings.code_opens();
        let rules = LeaseRules {
            opens: &opens,
            order: at.settings.codes.pool.order,
            quarantine: at.settings.codes.pool.quarantine,
        };
        let size = at.store.codes_size(&opens).await?;
        let told = server(at).await;
        // Without a server that has watched for longer: by the use of the last minute.
        let mut forecast = Forecast::default();
        let used = u32::try_from(size.taken_in_a_minute).unwrap_or(u32::MAX);
        forecast.note(used, Instant::now());
        let mark = forecast.marks(&at.settings.codes).high.into();
        Ok(Self {
            size,
            pool: at.store.pool_state(&rules).await?,
            others: at.store.other_codes(&opens).await?,
            fills: at.store.refill_holder().await?,
            mark: told["stock"]["mark"].as_i64().unwrap_or(mark),
            source: told["source"].as_str().map(ToOwned::to_owned),
            at,
        })
    }

    fn rests(&self) -> i64 {
        (self.pool.size - self.pool.free - self.pool.leased).max(0)
    }

    fn pool_rate(&self) -> f64 {
        let settings = self.at.settings;
        pool_rate(self.pool.size, &settings.codes.pool, &settings.timers)
    }

    fn full_stock(&self) -> i64 {
        self.mark.saturating_mul(self.size.bytes_per_code)
    }

    fn json(&self) -> Value {
        let (size, pool, settings) = (&self.size, &self.pool, self.at.settings);
        json!({
            "first": settings.codes.first.as_str(),
            "source": self.source,
            "stock": {
                "left": size.stock,
                "mark": self.mark,
                "taken_in_a_minute": size.taken_in_a_minute,
                "filled_by": self.fills,
            },
            "pool": {
                "size": pool.size,
                "free": pool.free,
                "leased": pool.leased,
                "in_quarantine": self.rests(),
                "per_second": self.pool_rate(),
            },
            "live": {"made_in_an_hour": size.live_in_an_hour},
            "images": {
                "store": self.at.image_place(),
                "base_url": settings.code_base_url.as_ref().map(Url::as_str),
                "count": size.images,
                "used": size.used,
                "bytes": size.bytes,
                "bytes_per_code": size.bytes_per_code,
                "bytes_of_full_stock": self.full_stock(),
            },
            "others": self.others,
        })
    }

    fn print(&self) {
        line("source", &self.source_line());
        line("stock", &self.stock_line());
        line("pool", &self.pool_line());
        line(
            "live",
            &format!("{} in the last hour", codes(self.size.live_in_an_hour)),
        );
        let place = self.at.image_place();
        line("images", &format!("{place}{}", self.image_numbers()));
        if let Some(base) = &self.at.settings.code_base_url {
            line("", &format!("browsers find them at {base}"));
        }
        line("size", &self.size_line());
        for other in &self.others {
            let (stock, pool) = (number(other.stock), number(other.pool));
            line(
                "unfit",
                &format!(
                    "{stock} of the stock, {pool} of the pool open {}",
                    other.opens
                ),
            );
        }
        if !self.others.is_empty() {
            line(
                "",
                "The settings say otherwise, so these are not shown. The stock's go after a day, \
                 the pool's by `saoma codes verify --delete`.",
            );
        }
    }

    fn source_line(&self) -> String {
        let first = self.at.settings.codes.first.as_str();
        match &self.source {
            Some(source) if source == "none" => {
                "none has a code now; `saoma doctor` looks for the reason".to_owned()
            }
            Some(source) if source == first => format!("{source}, as it should be"),
            Some(source) => format!("{source}, since {first} (SAOMA_CODES) has none"),
            None => format!("{first} first (SAOMA_CODES); no server answers here"),
        }
    }

    fn stock_line(&self) -> String {
        let size = &self.size;
        let (left, mark, taken) = (
            number(size.stock),
            number(self.mark),
            number(size.taken_in_a_minute),
        );
        let filling = match &self.fills {
            Some(instance) => format!(", instance {instance} fills it now"),
            None if self.at.settings.codes.first != Source::Stock => {
                "; servers do not fill it, since SAOMA_CODES is not stock".to_owned()
            }
            None => String::new(),
        };
        format!("{left} of {mark} left, {taken} taken in the last minute{filling}")
    }

    fn pool_line(&self) -> String {
        let pool = &self.pool;
        if pool.size == 0 {
            return "empty; `saoma codes pool --size N` fills it".to_owned();
        }
        format!(
            "{}: {} free, {} leased, {} in quarantine; {:.2} logins a second",
            codes(pool.size),
            number(pool.free),
            number(pool.leased),
            number(self.rests()),
            self.pool_rate(),
        )
    }

    fn image_numbers(&self) -> String {
        let size = &self.size;
        format!(
            ": {} ({}), {} of them of used codes, kept for two hours",
            number(size.images),
            bytes(size.bytes),
            number(size.used),
        )
    }

    fn size_line(&self) -> String {
        if self.size.bytes_per_code == 0 {
            return "not known before the first code".to_owned();
        }
        format!(
            "{} a code; a full stock takes {}",
            bytes(self.size.bytes_per_code),
            bytes(self.full_stock()),
        )
    }
}

/// What the server here says of its codes; nothing if none runs, or an older one.
async fn server(at: &Place<'_>) -> Value {
    let address = reachable(at.settings.admin_listen);
    let client = awc::Client::builder().timeout(LIMIT).finish();
    let asked = client.get(format!("http://{address}/readyz")).send().await;
    let Ok(mut answer) = asked else {
        return Value::Null;
    };
    let body: Value = answer.json().await.unwrap_or_default();
    body["codes"].clone()
}

fn line(name: &str, text: &str) {
    println!("{name:8}{text}");
}
