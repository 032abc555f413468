//! A wire between a server and what it needs, which a test may cut.

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
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
}

/// A TCP proxy on a port of its own.
pub struct Proxy {
    pub port: u16,
    wire: watch::Sender<Wire>,
}

impl Proxy {
    /// In front of this local port.
    pub async fn to(target: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (wire, state) = watch::channel(Wire::Good);
        actix_web::rt::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                actix_web::rt::spawn(carry(near, target, state.clone()));
            }
        });
        Self { port, wire }
    }

    pub fn set(&self, wire: Wire) {
        self.wire.send_replace(wire);
    }
}

async fn carry(near: TcpStream, target: u16, mut state: watch::Receiver<Wire>) {
    if *state.borrow_and_update() == Wire::Cut {
        return;
    }
    let Ok(far) = TcpStream::connect(("127.0.0.1", target)).await else {
        return;
    };
    let (near_in, near_out) = near.into_split();
    let (far_in, far_out) = far.into_split();
    let (out, back) = (state.clone(), state.clone());
    let cut = async {
        while state.wait_for(|wire| *wire == Wire::Cut).await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = pass(near_in, far_out, out) => {}
        () = pass(far_in, near_out, back) => {}
        () = cut => {}
    }
}

async fn pass(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut state: watch::Receiver<Wire>,
) {
    /// How RESP3 begins what was published.
    const PUBLISHED: &[u8] = b">3\r\n$7\r\nmessage";
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        if state.wait_for(|wire| *wire != Wire::Stalled).await.is_err() {
            return;
        }
        let deaf = *state.borrow() == Wire::Deaf;
        if deaf && bytes[..count].starts_with(PUBLISHED) {
            continue;
        }
        if to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}
