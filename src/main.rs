//! The `saoma` command.

use std::process::ExitCode;

use clap::Parser;
use saoma::commands::Command;
use tikv_jemallocator::Jemalloc;

/// Gives back what thousands of closed sockets have left, within seconds; glibc
/// keeps it for as long as anything younger lives beside it.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

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
    let done = match command.start_log() {
        // As a task, which is polled when it has something to do: what stands here is polled
        // whenever anything on this thread has.
        Ok(()) => actix_web::rt::spawn(command.run()).await,
        Err(error) => Ok(Err(error)),
    };
    match done.map_err(anyhow::Error::from).flatten() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("saoma: {}", sentence(&error));
            ExitCode::FAILURE
        }
    }
}

/// The error with its causes, each said once: many repeat theirs in their own text.
fn sentence(error: &anyhow::Error) -> String {
    let mut said = String::new();
    for cause in error.chain() {
        let cause = cause.to_string();
        if said.is_empty() {
            said = cause;
        } else if !said.contains(&cause) {
            said = format!("{said}: {cause}");
        }
    }
    said
}
