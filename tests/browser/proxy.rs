//! A bad network: passes everything on, until a test says otherwise.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::AbortHandle,
};

/// What the network does with connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// It works.
    Good,
    /// Nothing gets through, and what was open is cut.
    Down,
    /// Pages and requests get through; a socket is hung up on, as by an old proxy.
    NoSockets,
    /// As `NoSockets`, but a socket and a long poll get no answer at all.
    Silent,
}

/// Stands between a browser and a server.
#[derive(Clone)]
pub struct Proxy(Arc<Shared>);

struct Shared {
    port: u16,
    target: Mutex<Option<u16>>,
    network: Mutex<Network>,
    open: Mutex<Vec<AbortHandle>>,
    sent: AtomicU64,
}

impl Proxy {
    /// Listens on a port of its own.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Self(Arc::new(Shared {
            port: listener.local_addr().unwrap().port(),
            target: Mutex::default(),
            network: Mutex::new(Network::Good),
            open: Mutex::default(),
            sent: AtomicU64::new(0),
        }));
        let serving = proxy.clone();
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let task = tokio::spawn(serving.clone().serve(connection));
                serving.0.open.lock().unwrap().push(task.abort_handle());
            }
        });
        proxy
    }

    pub fn url(&self) -> String {
        format!("http://localhost:{}", self.0.port)
    }

    /// Passes connections on to a server at `http://localhost:<port>`.
    pub fn lead_to(&self, server: &str) {
        let port = url::Url::parse(server).unwrap().port();
        *self.0.target.lock().unwrap() = port;
    }

    pub fn set(&self, network: Network) {
        *self.0.network.lock().unwrap() = network;
        if network == Network::Down {
            for task in self.0.open.lock().unwrap().drain(..) {
                task.abort();
            }
        }
    }

    /// Bytes that have gone to the browser, headers included.
    pub fn sent(&self) -> u64 {
        self.0.sent.load(Ordering::Relaxed)
    }

    async fn serve(self, mut browser: TcpStream) -> std::io::Result<()> {
        if self.network() == Network::Down {
            return Ok(());
        }
        let mut start = vec![0; 8192];
        let read = browser.read(&mut start).await?;
        start.truncate(read);
        let is_socket = start.starts_with(b"GET /ws/");
        match self.network() {
            Network::NoSockets if is_socket => return Ok(()),
            Network::Silent if is_socket || start.starts_with(b"POST /api/login") => {
                return std::future::pending().await;
            }
            _ => {}
        }
        let port = self.0.target.lock().unwrap().expect("a server behind it");
        let mut server = TcpStream::connect(("127.0.0.1", port)).await?;
        server.write_all(&start).await?;
        let (mut from_browser, mut to_browser) = browser.split();
        let (mut from_server, mut to_server) = server.split();
        let up = async {
            tokio::io::copy(&mut from_browser, &mut to_server).await?;
            to_server.shutdown().await
        };
        let down = async {
            let mut bytes = vec![0; 16384];
            loop {
                let read = from_server.read(&mut bytes).await?;
                if read == 0 {
                    return to_browser.shutdown().await;
                }
                self.0.sent.fetch_add(read as u64, Ordering::Relaxed);
                to_browser.write_all(&bytes[..read]).await?;
            }
        };
        tokio::try_join!(up, down)?;
        Ok(())
    }

    fn network(&self) -> Network {
        *self.0.network.lock().unwrap()
    }
}
