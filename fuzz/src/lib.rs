//! The server's parsers, from its own files: no copies, and without its framework and database,
//! so that a target builds in seconds. A parser that comes to need those would not compile here.

// Each file is whole, and the targets need a part of it.
#![allow(dead_code)]

#[path = "../../src/login"]
pub mod login {
    pub mod ids;
    pub mod reason;
}

#[path = "../../src/session"]
pub mod session {
    pub mod frame;
    pub mod protocol;
}

#[path = "../../src/http"]
pub mod http {
    pub mod credentials;
    pub mod return_to;
}

#[path = "../../src/wechat"]
pub mod wechat {
    mod answer;
    mod errcode;
    mod error;
    mod image;

    pub use answer::WechatIdentity;
    pub use error::{Endpoint, WechatError};
    pub use image::{CodeImage, ImageKind};

    /// One answer, read as each of the three that the server asks for.
    pub struct Readings {
        pub token: Result<String, WechatError>,
        pub identity: Result<WechatIdentity, WechatError>,
        pub image: Result<CodeImage, WechatError>,
    }

    /// Reads an answer to a request that carried `secrets`.
    pub fn read(status: u16, body: &[u8], secrets: &[&str]) -> Readings {
        use secrecy::ExposeSecret;

        let body = bytes::Bytes::copy_from_slice(body);
        let answer = |endpoint| answer::Answer {
            endpoint,
            status,
            body: body.clone(),
            secrets,
        };
        let token = answer(Endpoint::StableToken).token();
        Readings {
            token: token.map(|fresh| fresh.secret.expose_secret().to_owned()),
            identity: answer(Endpoint::Identity).identity(),
            image: answer(Endpoint::CodeImage).image(),
        }
    }
}
