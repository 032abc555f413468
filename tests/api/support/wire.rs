//! A wire between a server and what it needs, which a test may cut.

use std::{io, path::PathBuf};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, split},
    net::{TcpListener, TcpStream, UnixStream},
    sync::watch,
};

/// What the wire does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// Passes everything on.
    Good,
    /// Connections are cut, and none are made.
    Cut,
    /// Takes everything and passes nothing on, until it is good again.
    Stalled,
    /// Swallows what Redis publishes, and nothing else.
    Deaf,
    /// Passes on what is asked, and swallows what is answered.
    Mute,
}

impl Wire {
    /// Whether an answer does not arrive.
    fn swallows(self, answer: &[u8]) -> bool {
        /// How RESP3 begins what was published.
        const PUBLISHED: &[u8] = b">3\r\n$7\r\nmessage";
        match self {
            Self::Deaf => answer.starts_with(PUBLISHED),
            Self::Mute => true,
            Self::Good | Self::Cut | Self::Stalled => false,
        }
    }
}

/// Where a wire ends.
#[derive(Clone, Debug)]
enum Target {
    Port(u16),
    Socket(PathBuf),
}

/// A connection of either kind.
trait Stream: AsyncRead + AsyncWrite + Unpin {}
impl<T: AsyncRead + AsyncWrite + Unpin> Stream for T {}

impl Target {
    async fn connect(&self) -> io::Result<Box<dyn Stream>> {
        Ok(match self {
            Self::Port(port) => Box::new(TcpStream::connect(("127.0.0.1", *port)).await?),
            Self::Socket(path) => Box::new(UnixStream::connect(path).await?),
        })
    }
}

/// A TCP proxy on a port of its own.
pub struct Proxy {
    pub port: u16,
    wire: watch::Sender<Wire>,
}

impl Proxy {
    /// In front of this local port.
    pub async fn to(target: u16) -> Self {
        Self::before(Target::Port(target)).await
    }

    /// In front of this unix socket.
    pub async fn to_socket(path: PathBuf) -> Self {
        Self::before(Target::Socket(path)).await
    }

    async fn before(target: Target) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (wire, state) = watch::channel(Wire::Good);
        actix_web::rt::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                actix_web::rt::spawn(carry(near, target.clone(), state.clone()));
            }
        });
        Self { port, wire }
    }

    pub fn set(&self, wire: Wire) {
        self.wire.send_replace(wire);
    }
}

async fn carry(near: TcpStream, target: Target, mut state: watch::Receiver<Wire>) {
    if *state.borrow_and_update() == Wire::Cut {
        return;
    }
    let Ok(far) = target.connect().await else {
        return;
    };
    let (near_in, near_out) = near.into_split();
    let (far_in, far_out) = split(far);
    let (out, back) = (state.clone(), state.clone());
    let cut = async {
        while state.wait_for(|wire| *wire == Wire::Cut).await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = pass(near_in, far_out, out, |_, _| false) => {}
        () = pass(far_in, near_out, back, Wire::swallows) => {}
        () = cut => {}
    }
}

async fn pass(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut state: watch::Receiver<Wire>,
    swallows: fn(Wire, &[u8]) -> bool,
) {
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        if state.wait_for(|wire| *wire != Wire::Stalled).await.is_err() {
            return;
        }
        let wire = *state.borrow();
        // What arrives in the moment of the cut has not arrived.
        if wire == Wire::Cut {
            return;
        }
        if swallows(wire, &bytes[..count]) {
            continue;
        }
        if to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}
