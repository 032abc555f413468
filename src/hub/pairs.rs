//! What phones, and the two ends of a pair, tell the hub.

use std::time::Instant;

use actix::{Handler, MessageResult};
use chrono::{SecondsFormat, Utc};

use super::{
    LoginHub,
    messages::{
        AwaitToken, OthersChanged, PhonesSeen, RegisterPhone, Say, SocketEvent, Watch, Whispered,
    },
    table::PhoneNews,
};

impl Handler<AwaitToken> for LoginHub {
    type Result = ();

    fn handle(&mut self, message: AwaitToken, _: &mut Self::Context) {
        self.table.await_token(message.0, Instant::now());
    }
}

impl Handler<RegisterPhone> for LoginHub {
    type Result = ();

    fn handle(&mut self, order: RegisterPhone, _: &mut Self::Context) {
        if let Some(replaced) = self.table.register_phone(order, Instant::now()) {
            self.tell(replaced, SocketEvent::Replaced);
        }
        self.tell_ends();
    }
}

impl Handler<Watch> for LoginHub {
    type Result = ();

    fn handle(&mut self, watch: Watch, _: &mut Self::Context) {
        self.table.watch(watch, Instant::now());
        self.tell_ends();
    }
}

impl Handler<Say> for LoginHub {
    type Result = MessageResult<Say>;

    fn handle(&mut self, say: Say, _: &mut Self::Context) -> Self::Result {
        // The process's own clock: the time is shown, and decides nothing.
        let sent_at = Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true);
        let Say {
            socket,
            session,
            text,
        } = say;
        let said = self
            .table
            .say(socket, session, (text, sent_at), Instant::now());
        self.tell_ends();
        MessageResult(said)
    }
}

impl Handler<PhonesSeen> for LoginHub {
    type Result = ();

    fn handle(&mut self, look: PhonesSeen, _: &mut Self::Context) {
        let PhoneNews {
            ended,
            replaced,
            behind,
        } = self.table.phones_seen(&look);
        for socket in ended {
            self.tell(socket, SocketEvent::SessionEnded);
        }
        for socket in replaced {
            self.tell(socket, SocketEvent::Replaced);
        }
        for socket in behind {
            self.tell(socket, SocketEvent::LookAgain);
        }
    }
}

impl Handler<Whispered> for LoginHub {
    type Result = ();

    fn handle(&mut self, whispered: Whispered, _: &mut Self::Context) {
        for (socket, event) in self.table.whispered(whispered, Instant::now()) {
            self.tell(socket, event);
        }
        self.tell_ends();
    }
}

impl Handler<OthersChanged> for LoginHub {
    type Result = ();

    fn handle(&mut self, message: OthersChanged, _: &mut Self::Context) {
        self.table.others_changed(message.any, Instant::now());
        self.tell_ends();
    }
}
