//! Hanging up on a caller, as a failing network does.

use std::any::Any;
use std::io;
use std::os::fd::AsFd as _;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};

/// A second handle on a connection's socket, kept beside the connection.
struct Socket(std::net::TcpStream);

/// Called by the server with each new connection.
pub(super) fn remember(connection: &dyn Any, extensions: &mut Extensions) {
    if let Some(stream) = connection.downcast_ref::<TcpStream>()
        && let Ok(descriptor) = stream.as_fd().try_clone_to_owned()
    {
        extensions.insert(Socket(descriptor.into()));
    }
}

/// A response that never gets onto the wire: its body fails before the first byte is flushed, so
/// the server drops the connection, and the socket is told to answer that with a TCP reset.
pub(super) fn reset(request: &HttpRequest) -> HttpResponse {
    let marked = request.conn_data::<Socket>().map_or(Ok(()), |socket| {
        TcpStream::from_std(socket.0.try_clone()?)?.set_zero_linger()
    });
    if let Err(error) = marked {
        tracing::warn!(%error, "the connection will be closed instead of reset");
    }
    HttpResponse::Ok().body(Broken)
}

struct Broken;

impl MessageBody for Broken {
    type Error = io::Error;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, io::Error>>> {
        Poll::Ready(Some(Err(io::ErrorKind::ConnectionReset.into())))
    }
}
