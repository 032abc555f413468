//! The `saoma` command.

use std::process::ExitCode;

use clap::Parser;
use saoma::{commands::Command, telemetry};

/// Saoma (扫码): log in to a website by scanning a WeChat mini-program code.
#[derive(Debug, Parser)]
#[command(name = "saoma", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[actix_web::main]
async fn main() -> ExitCode {
    let Arguments { command } = Arguments::parse();
    let done = match telemetry::init() {
        Ok(()) => command.run().await,
        Err(error) => Err(error),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("saoma: {error:#}");
            ExitCode::FAILURE
        }
    }
}
