//! The phone's socket. This side holds it, since it has the token; the page hears over
//! server-sent events what comes, and posts what it says.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Duration;

use actix_codec::Framed;
use actix_http::ws::{CloseReason, Codec, Frame, Message};
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, web};
use awc::BoxedSocket;
use futures_util::{SinkExt, StreamExt, stream};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::actions::{PhonesOfWorker, State};
use super::control::Holder;
use super::language::Language;
use super::problem::Problem;

/// Frames that may wait on either side.
const ROOM: usize = 32;
/// So often a page that has gone without a word is looked for, by writing to it.
const PULSE: Duration = Duration::from_secs(3);
/// The close code of a connection that ended without a word.
const ABNORMAL: u16 = 1006;

pub(super) type ChannelsOfWorker = web::Data<Channels>;
pub(super) type Socket = Framed<BoxedSocket, Codec>;

/// The ways to the open sockets, by the user who holds the phone.
#[derive(Default)]
pub(super) struct Channels(RefCell<HashMap<String, mpsc::Sender<String>>>);

/// Opens the user's socket at Saoma; a newer page of the same user takes it over. Each frame is
/// an event of the type `message`; the last is of the type `closed`, with the close code.
pub(super) async fn open(
    state: State,
    phones: PhonesOfWorker,
    channels: ChannelsOfWorker,
    request: HttpRequest,
    holder: web::Query<Holder>,
) -> HttpResponse {
    let language = Language::of(&request);
    let Some(user) = state.user(&holder.user) else {
        return Problem::UserUnknown.response(language);
    };
    let socket = match phones.socket(&state, &user, language).await {
        Ok(Ok(socket)) => socket,
        Ok(Err(refusal)) => return refusal,
        Err(problem) => return problem.response(language),
    };
    let (says, said) = mpsc::channel(ROOM);
    let (tells, told) = mpsc::channel(ROOM);
    channels.0.borrow_mut().insert(user.id, says);
    actix_web::rt::spawn(relay(socket, said, tells));
    let events = stream::unfold(told, async |mut told| {
        let event: String = told.recv().await?;
        Some((Ok::<_, actix_web::Error>(Bytes::from(event)), told))
    });
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_TYPE, "text/event-stream"))
        .streaming(Box::pin(events))
}

#[derive(Deserialize)]
pub(super) struct Saying {
    user: String,
    frame: Value,
}

/// Sends a frame over the user's socket.
pub(super) async fn say(
    channels: ChannelsOfWorker,
    request: HttpRequest,
    saying: web::Json<Saying>,
) -> HttpResponse {
    let way = channels.0.borrow().get(&saying.user).cloned();
    let taken = way.map(|way| way.try_send(saying.frame.to_string()));
    match taken {
        Some(Ok(())) => HttpResponse::NoContent().finish(),
        _ => Problem::ChannelClosed.response(Language::of(&request)),
    }
}

/// Passes frames on until either end is gone.
async fn relay(mut socket: Socket, mut said: mpsc::Receiver<String>, tells: mpsc::Sender<String>) {
    let mut pulse = tokio::time::interval(PULSE);
    let code = loop {
        tokio::select! {
            frame = socket.next() => match frame {
                Some(Ok(Frame::Text(text))) => {
                    let text = String::from_utf8_lossy(&text);
                    if tells.send(format!("data: {text}\n\n")).await.is_err() {
                        break ABNORMAL;
                    }
                }
                Some(Ok(Frame::Ping(bytes))) => {
                    if socket.send(Message::Pong(bytes)).await.is_err() {
                        break ABNORMAL;
                    }
                }
                Some(Ok(Frame::Close(reason))) => {
                    break reason.map_or(ABNORMAL, |reason: CloseReason| reason.code.into());
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => break ABNORMAL,
            },
            text = said.recv() => {
                // A newer page of the same user has taken the place.
                let Some(text) = text else { break ABNORMAL };
                if socket.send(Message::Text(text.into())).await.is_err() {
                    break ABNORMAL;
                }
            }
            _ = pulse.tick() => {
                if tells.send(":\n\n".to_owned()).await.is_err() {
                    break ABNORMAL;
                }
            }
            () = tells.closed() => break ABNORMAL,
        }
    };
    let _ = socket.send(Message::Close(None)).await;
    let closed = json!({ "code": code });
    let _ = tells
        .send(format!("event: closed\ndata: {closed}\n\n"))
        .await;
}
