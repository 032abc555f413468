//! `saoma codes`, beside a server that runs.

mod fill;
mod status;
mod verify;

use std::{fs, path::PathBuf};

use saoma::simulator::{Fault, FaultMode};
use serde_json::Value;

use crate::support::{Program, Server, program::Ended, server::set};

const CODE: &str = "/wxa/getwxacodeunlimit";

impl Server {
    /// `saoma codes` with these words, which succeeds.
    async fn codes(&self, words: &[&str]) -> Ended {
        let ended = self.codes_with(words, &[]).await;
        assert_eq!(ended.code, Some(0), "{}{}", ended.out, ended.err);
        ended
    }

    /// The same with other settings, however it ends.
    async fn codes_with(&self, words: &[&str], options: &[(&str, &str)]) -> Ended {
        self.command(&[&["codes"], words].concat(), options).await
    }

    /// `saoma codes` as it goes on, for an instance of this name.
    fn codes_of(&self, instance: &str, words: &[&str]) -> Program {
        let mut environment = self.environment.clone();
        set(&mut environment, &[("SAOMA_INSTANCE", instance)]);
        let words = [&["codes"], words].concat();
        Program::start(&words, &environment, self.place.path())
    }

    async fn codes_status(&self) -> Value {
        let ended = self.codes(&["status", "--json"]).await;
        serde_json::from_str(&ended.out).unwrap()
    }

    /// The files of the image folder.
    fn images(&self) -> Vec<PathBuf> {
        let files = fs::read_dir(self.place.join("data/codes")).unwrap();
        files.map(|file| file.unwrap().path()).collect()
    }

    /// Codes that WeChat was asked for.
    fn drawn(&self) -> u64 {
        self.wechat.state().stats()[CODE].calls
    }

    fn suffers(&self, mode: FaultMode, errcode: Option<i32>, delay_ms: Option<u64>) {
        let fault = Fault {
            errcode,
            delay_ms,
            ..Fault::new(CODE, mode)
        };
        self.wechat.state().add_fault(fault).unwrap();
    }
}
