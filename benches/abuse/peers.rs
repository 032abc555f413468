//! Peers that mean no good, and how long the server bears them.

use std::{
    cell::RefCell,
    net::{Ipv4Addr, SocketAddr},
    rc::Rc,
    thread,
    time::{Duration, Instant},
};

use actix_web::rt::{System, spawn, time::sleep};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::future::join_all;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::{error::Elapsed, timeout},
};

use crate::quantile::quantile;

/// What a peer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    SlowHead,
    SlowSecondHead,
    Silent,
    Deaf,
    Flood,
    Garbage,
    Churn,
}

pub const KINDS: [Kind; 7] = [
    Kind::SlowHead,
    Kind::SlowSecondHead,
    Kind::Silent,
    Kind::Deaf,
    Kind::Flood,
    Kind::Garbage,
    Kind::Churn,
];

/// Nothing is borne longer than this.
const LONGEST: Duration = Duration::from_secs(60);

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::SlowHead => "head at a byte a s",
            Self::SlowSecondHead => "second head, the same",
            Self::Silent => "silent",
            Self::Deaf => "socket that reads not",
            Self::Flood => "socket that floods",
            Self::Garbage => "garbage",
            Self::Churn => "comes and goes",
        }
    }

    /// Each of these costs a code and a row, which the simulator and the
    /// database have to make on the same cores.
    fn is_socket(self) -> bool {
        matches!(self, Self::Deaf | Self::Flood)
    }

    /// Lives one life; says how long the server bore what was bad about it.
    async fn live(self, server: u16, from: u32) -> Option<Duration> {
        let small = (self == Self::Deaf).then_some(2_048);
        let mut stream = connect(server, from, small).await?;
        let mut begin = Instant::now();
        let head = b"GET /login HTTP/1.1\r\nx-slow: ";
        match self {
            Self::SlowHead => {
                stream.write_all(head).await.ok()?;
                trickle(&mut stream).await;
            }
            Self::SlowSecondHead => {
                ask(&mut stream).await?;
                begin = Instant::now();
                // One that the server closed for its rest was borne no longer either.
                let _ = stream.write_all(head).await;
                trickle(&mut stream).await;
            }
            Self::Silent => read_to_end(&mut stream).await,
            Self::Deaf => {
                upgrade(&mut stream, server).await?;
                let again = frame(0x81, br#"{"type":"refresh","version":0,"silent":true}"#);
                stream.write_all(&again.repeat(19)).await.ok()?;
                begin = Instant::now();
                // Not a byte is read: writing shows when it has ended. Not so often
                // that it is a flood.
                while begin.elapsed() < LONGEST && stream.write_all(&frame(0x8a, b"")).await.is_ok()
                {
                    sleep(Duration::from_millis(600)).await;
                }
            }
            Self::Flood => {
                upgrade(&mut stream, server).await?;
                begin = Instant::now();
                let kinds = [frame(0x89, b"?"), frame(0x81, br#"{"type":"dance"}"#)];
                for message in kinds.iter().cycle() {
                    let mut answer = [0; 1024];
                    let _ = stream.try_read(&mut answer);
                    if begin.elapsed() > LONGEST || stream.write_all(message).await.is_err() {
                        break;
                    }
                    sleep(Duration::from_millis(10)).await;
                }
            }
            Self::Garbage => {
                let bytes: [u8; 512] = rand::random();
                stream.write_all(&bytes).await.ok()?;
                read_to_end(&mut stream).await;
            }
            Self::Churn => {
                ask(&mut stream).await?;
            }
        }
        Some(begin.elapsed())
    }
}

/// What became of the peers of one kind.
#[derive(Default)]
pub struct Toll {
    pub came: usize,
    /// How long they were borne; sorted in the end.
    pub cut: Vec<Duration>,
}

impl Toll {
    /// Seconds.
    pub fn quantile(&self, share: f64) -> f64 {
        quantile(&self.cut, share)
    }
}

/// So many of each kind, again and again until the end; a fifth of those with
/// sockets. In a thread of their own: good people have their own computers.
pub fn attack(server: u16, count: usize, end: Instant) -> thread::JoinHandle<Vec<Toll>> {
    thread::spawn(move || System::new().block_on(all_at_once(server, count, end)))
}

async fn all_at_once(server: u16, count: usize, end: Instant) -> Vec<Toll> {
    let tolls: Vec<Rc<RefCell<Toll>>> = KINDS.iter().map(|_| Rc::default()).collect();
    let mut peers = Vec::new();
    for (kind, toll) in KINDS.iter().zip(&tolls) {
        let count = if kind.is_socket() { count / 5 } else { count };
        for number in 0..count {
            // Not all in the same moment: the kernel's queue is not what is tested.
            let first = Duration::from_secs_f64(3.0 * number as f64 / count as f64);
            peers.push(spawn(come_again(*kind, server, first, end, toll.clone())));
        }
    }
    join_all(peers).await;
    let tolls = tolls.into_iter().map(|toll| {
        let mut toll = toll.take();
        toll.cut.sort();
        toll
    });
    tolls.collect()
}

async fn come_again(
    kind: Kind,
    server: u16,
    first: Duration,
    end: Instant,
    toll: Rc<RefCell<Toll>>,
) {
    sleep(first).await;
    while Instant::now() < end {
        toll.borrow_mut().came += 1;
        let life = timeout(LONGEST, kind.live(server, rand::random())).await;
        if let Ok(Some(life)) = life {
            toll.borrow_mut().cut.push(life);
        }
        sleep(Duration::from_secs(1)).await;
    }
}

async fn connect(server: u16, from: u32, receive_buffer: Option<u32>) -> Option<TcpStream> {
    let [_, a, b, c] = from.to_be_bytes();
    let socket = TcpSocket::new_v4().ok()?;
    if let Some(bytes) = receive_buffer {
        socket.set_recv_buffer_size(bytes).ok()?;
    }
    let source = Ipv4Addr::new(127, a.max(1), b, c.clamp(1, 254));
    socket.bind(SocketAddr::from((source, 0))).ok()?;
    let server = SocketAddr::from((Ipv4Addr::LOCALHOST, server));
    socket.connect(server).await.ok()
}

/// A byte a second, until the server has enough of it.
async fn trickle(stream: &mut TcpStream) {
    let mut answer = [0; 1024];
    while stream.write_all(b"a").await.is_ok() {
        let answered = timeout(Duration::from_secs(1), stream.read(&mut answer)).await;
        match answered {
            Ok(Ok(1..)) | Err(Elapsed { .. }) => {}
            Ok(_) => return,
        }
    }
}

async fn read_to_end(stream: &mut TcpStream) {
    let mut answer = [0; 1024];
    while let Ok(1..) = stream.read(&mut answer).await {}
}

/// A good request and its answer.
async fn ask(stream: &mut TcpStream) -> Option<()> {
    let request = b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n";
    stream.write_all(request).await.ok()?;
    let mut answer = Vec::new();
    while !answer.ends_with(b"}") {
        if stream.read_buf(&mut answer).await.ok()? == 0 {
            return None;
        }
    }
    Some(())
}

/// A login page's socket, up to its ticket.
async fn upgrade(stream: &mut TcpStream, server: u16) -> Option<()> {
    let secret = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
    let request = format!(
        "GET /ws/login HTTP/1.1\r\nHost: localhost:{server}\r\nConnection: Upgrade\r\n\
         Upgrade: websocket\r\nOrigin: http://localhost:{server}\r\n\
         Sec-WebSocket-Version: 13\r\nCookie: saoma_browser={secret}\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = Vec::new();
    while !answer.ends_with(b"}") {
        if stream.read_buf(&mut answer).await.ok()? == 0 {
            return None;
        }
    }
    Some(())
}

/// A short frame, masked with zeros.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap();
    let mut frame = vec![first, 0x80 | length, 0, 0, 0, 0];
    frame.extend(payload);
    frame
}
