//! What the `saoma` command can do.

mod audit;
mod codes;
mod database;
mod demo;
mod doctor;
mod healthcheck;
mod keys;
mod users;

use anyhow::Context;

use crate::{
    settings::{Flags, Settings},
    simulator::{self, SimulateArgs},
    startup::{self, Application},
    telemetry,
};

/// One of saoma's commands.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Run the server
    Serve(Flags),
    /// Run the server with a simulated WeChat and phone, to try it out
    Demo(demo::Arguments),
    /// Run a simulated WeChat and phone alone
    Simulate(SimulateArgs),
    /// Bring the database's schema up to date
    Migrate(Flags),
    /// Look at the codes, make some before anybody asks for them, check them
    #[command(subcommand)]
    Codes(codes::Action),
    /// Look at the keys that sign access tokens, or change them
    #[command(subcommand)]
    Keys(keys::Action),
    /// Look at the users, or change who may come in
    #[command(subcommand)]
    Users(users::Action),
    /// Show who did what, when and from where
    Audit(audit::Arguments),
    /// Check settings, database, public address and WeChat, and say what is wrong
    Doctor(Flags),
    /// Ask the server that runs here whether it is ready; fails if it is not
    Healthcheck(Flags),
}

impl Command {
    /// Starts the log as the command's settings say.
    pub fn start_log(&self) -> anyhow::Result<()> {
        let log = match self {
            Self::Serve(flags) | Self::Migrate(flags) => Some(Settings::log(flags)?),
            Self::Codes(action) => Some(codes::log(action.flags())?),
            Self::Keys(action) => Some(Settings::log(action.flags())?),
            Self::Users(action) => Some(Settings::log(action.flags())?),
            Self::Audit(arguments) => Some(Settings::log(&arguments.flags)?),
            // Says itself what is wrong with the settings.
            Self::Doctor(flags) | Self::Healthcheck(flags) => Settings::log(flags).ok(),
            Self::Demo(_) | Self::Simulate(_) => None,
        };
        match log {
            Some([wanted, format]) => telemetry::init_with(&wanted, &format),
            None => telemetry::init(),
        }
    }

    /// Does it.
    pub async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Serve(flags) => serve(&flags).await,
            Self::Demo(arguments) => demo::run(arguments).await,
            Self::Simulate(arguments) => simulator::run(arguments).await,
            Self::Migrate(flags) => migrate(&flags).await,
            Self::Codes(action) => codes::run(action).await,
            Self::Keys(action) => keys::run(action).await,
            Self::Users(action) => users::run(action).await,
            Self::Audit(arguments) => audit::run(arguments).await,
            Self::Doctor(flags) => doctor::run(&flags).await,
            Self::Healthcheck(flags) => healthcheck::run(&flags).await,
        }
    }
}

async fn serve(flags: &Flags) -> anyhow::Result<()> {
    let settings = Settings::load(flags)?;
    let public_url = settings.public_url.clone();
    let application = Application::build(settings).await?;
    tracing::info!(
        address = %application.address(),
        admin = %application.admin_address(),
        %public_url,
        "saoma serves"
    );
    application.run_until_stopped().await
}

async fn migrate(flags: &Flags) -> anyhow::Result<()> {
    let settings = Settings::load_for_database(flags)?;
    let (store, private) = startup::open_store(&settings).await?;
    let migrated = match startup::reach(&store).await {
        Ok(()) => {
            let migrated = store.migrate().await;
            migrated.context("the database's schema could not be brought up to date")
        }
        Err(error) => Err(error),
    };
    store.close().await;
    if let Some(private) = private {
        private.stop().await?;
    }
    migrated?;
    println!("The database's schema is up to date.");
    Ok(())
}
