//! Two connections to Redis: one to hear, one to tell.

use std::time::Duration;

use futures_util::future::try_join_all;
use redis::{
    AsyncConnectionConfig, Client, Cmd, ErrorKind, FromRedisValue, PushInfo, PushKind, RedisResult,
    Value,
    aio::{AsyncPushSender, MultiplexedConnection},
    cluster::{ClusterClient, ClusterClientBuilder},
    cluster_async::ClusterConnection,
};
use tokio::{sync::mpsc, time::timeout};

use super::{Address, NAME, counters};
use crate::broker::Inbox;

/// For connecting, and for each answer.
pub(super) const LIMIT: Duration = Duration::from_secs(1);

/// What a probe's message begins with; a number follows.
const PROBE: &str = "probe ";

/// What happened on the connection that hears, besides news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    /// A probe with this number.
    Probe(u64),
    /// The connection is lost.
    End,
    /// A connection of the cluster is lost; its client makes another.
    Gap,
}

impl Address {
    /// Whether it answers, may be listened at, and counts, in words for a person if not.
    pub async fn check(&self) -> Result<(), String> {
        let channel = format!("saoma:doctor:{}", rand::random::<u64>());
        let opened = Link::open(self, &channel, |_| Ok::<(), ()>(()));
        match timeout(3 * LIMIT, opened).await {
            Ok(Ok(mut link)) => link.probe(0).await.map_err(|error| error.to_string())?,
            Ok(Err(error)) => return Err(error.to_string()),
            Err(_) => return Err(format!("no connection within {} s", 3 * LIMIT.as_secs())),
        }
        counters::check(self, &channel).await
    }
}

/// An open link. Dropping it ends both connections.
pub(super) struct Link {
    teller: Connection,
    _hearer: Connection,
    channel: String,
}

/// A connection on which answers come in the order of the commands; a clone
/// shares it.
#[derive(Clone)]
pub(super) enum Connection {
    Single(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Connection {
    /// Connects, to send commands.
    pub(super) async fn open(address: &Address) -> RedisResult<Self> {
        if address.cluster {
            let client = cluster(address).build()?;
            return Ok(Self::Cluster(client.get_async_connection().await?));
        }
        let (client, config) = (client(address)?, config());
        let connection = client.get_multiplexed_async_connection_with_config(&config);
        Ok(Self::Single(connection.await?))
    }

    /// Sends one command.
    pub(super) async fn ask<T: FromRedisValue>(&mut self, command: &Cmd) -> RedisResult<T> {
        match self {
            Self::Single(connection) => command.query_async(connection).await,
            Self::Cluster(connection) => command.query_async(connection).await,
        }
    }
}

fn client(address: &Address) -> RedisResult<Client> {
    let node = address.nodes.first().cloned();
    Client::open(node.ok_or((ErrorKind::InvalidClientConfig, "no server"))?)
}

fn config() -> AsyncConnectionConfig {
    AsyncConnectionConfig::new()
        .set_connection_timeout(Some(LIMIT))
        .set_response_timeout(Some(LIMIT))
}

fn cluster(address: &Address) -> ClusterClientBuilder {
    ClusterClient::builder(address.nodes.clone())
        .connection_timeout(LIMIT)
        .response_timeout(LIMIT)
        .overall_response_timeout(Some(LIMIT))
        .retries(2)
}

impl Link {
    /// Connects, and hears this channel from now on. `hear` is called within the
    /// connection's task, so that nothing queues there without a bound.
    pub(super) async fn open(
        address: &Address,
        channel: &str,
        hear: impl AsyncPushSender,
    ) -> RedisResult<Self> {
        let (hearer, teller) = if address.cluster {
            let hearing = cluster(address).push_sender(hear).build()?;
            let mut hearer = hearing.get_async_connection().await?;
            hearer.ssubscribe(channel).await?;
            (
                Connection::Cluster(hearer),
                Connection::open(address).await?,
            )
        } else {
            let hearing = config().set_push_sender(hear);
            let mut hearer = client(address)?
                .get_multiplexed_async_connection_with_config(&hearing)
                .await?;
            hearer.subscribe(channel).await?;
            (Connection::Single(hearer), Connection::open(address).await?)
        };
        Ok(Self {
            teller,
            _hearer: hearer,
            channel: channel.to_owned(),
        })
    }

    /// Sends a number to our own channel. It goes by the connection that tells,
    /// so it is not heard either when the two have ended at different servers.
    pub(super) async fn probe(&mut self, number: u64) -> RedisResult<()> {
        let message = format!("{PROBE}{number}");
        self.tell(vec![(self.channel.clone(), message)]).await
    }

    /// Publishes messages, each in its channel, in one go.
    pub(super) async fn tell(&mut self, messages: Vec<(String, String)>) -> RedisResult<()> {
        match &mut self.teller {
            Connection::Single(connection) => {
                let mut pipe = redis::pipe();
                for (channel, message) in messages {
                    pipe.cmd("PUBLISH").arg(channel).arg(message).ignore();
                }
                pipe.query_async(connection).await
            }
            // Each channel may be another server's.
            Connection::Cluster(connection) => {
                let sent = messages.into_iter().map(|(channel, message)| {
                    let mut connection = connection.clone();
                    async move {
                        let mut command = redis::cmd("SPUBLISH");
                        let command = command.arg(channel).arg(message);
                        command.query_async::<()>(&mut connection).await
                    }
                });
                try_join_all(sent).await.map(|_| ())
            }
        }
    }
}

/// Takes what comes on the connection that hears: news go to the inbox, the rest
/// to the returned queue.
pub(super) fn listen(inbox: Inbox, cluster: bool) -> (impl AsyncPushSender, mpsc::Receiver<Heard>) {
    let (sender, heard) = mpsc::channel(64);
    let hear = move |push: PushInfo| {
        if let Some(heard) = hear(&push, &inbox, cluster) {
            // A full queue means that strangers send probes; ours are few.
            let _ = sender.try_send(heard);
        }
        Ok::<(), ()>(())
    };
    (hear, heard)
}

fn hear(push: &PushInfo, inbox: &Inbox, cluster: bool) -> Option<Heard> {
    match push.kind {
        PushKind::Message | PushKind::SMessage => {}
        PushKind::Disconnection if cluster => return Some(Heard::Gap),
        PushKind::Disconnection => return Some(Heard::End),
        _ => return None,
    }
    let Some(Value::BulkString(message)) = push.data.get(1) else {
        return None;
    };
    if let Some(number) = message.strip_prefix(PROBE.as_bytes()) {
        let number = std::str::from_utf8(number).ok()?;
        return number.parse().ok().map(Heard::Probe);
    }
    if !inbox.receive(NAME, message) {
        tracing::debug!("something else than Saoma writes to this instance's channel in Redis");
    }
    None
}
