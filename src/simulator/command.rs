//! `saoma simulate`: the simulator on its own.

use std::net::{SocketAddr, TcpListener};

use anyhow::Context as _;
use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use url::Url;

use super::server::Simulator;
use super::settings::{DEMO_APP_ID, DEMO_APP_SECRET, DEMO_PAGE, SimulatorSettings};

/// Run the simulator on its own.
#[derive(Args, Debug)]
pub struct SimulateArgs {
    /// Address and port to listen on
    #[arg(long, default_value = "127.0.0.1:8090")]
    listen: SocketAddr,
    /// Address that codes carry, such as `http://192.168.1.20:8090` for phones on your network
    /// [default: the address listened on]
    #[arg(long)]
    public_url: Option<Url>,
    /// Where the phone page finds Saoma
    #[arg(long, default_value = "http://localhost:8080")]
    saoma_url: Url,
    /// App id of the simulated mini program
    #[arg(long, default_value = DEMO_APP_ID)]
    app_id: String,
    /// Its app secret; the default is public and protects nothing
    #[arg(long, default_value = DEMO_APP_SECRET)]
    app_secret: String,
    /// A published page of it; repeat for several, the first is the home page
    #[arg(long = "page", default_value = DEMO_PAGE)]
    pages: Vec<String>,
    /// Refuse calls above the published limits, as the real one does
    #[arg(long)]
    published_quotas: bool,
}

/// Runs the simulator until Ctrl-C or a request to terminate. Needs a running actix system.
///
/// # Errors
/// When the address cannot be listened on.
pub async fn run(args: SimulateArgs) -> anyhow::Result<()> {
    let listener = TcpListener::bind(args.listen).with_context(|| {
        format!(
            "cannot listen on {}; is another program there?",
            args.listen
        )
    })?;
    let simulator = Simulator::start(
        listener,
        SimulatorSettings {
            public_url: args.public_url,
            saoma_url: Some(args.saoma_url.clone()),
            app_id: args.app_id,
            app_secret: args.app_secret,
            pages: args.pages,
            published_quotas: args.published_quotas,
            ..SimulatorSettings::default()
        },
    )
    .context("the simulator did not start")?;
    let state = simulator.state();
    println!("Simulated WeChat   {}", simulator.url());
    println!("Phone              {}", phone_page(state.public_url()));
    println!("Saoma, for phone   {}", args.saoma_url);
    println!("App id             {}", state.app_id());
    println!("Ctrl-C stops it.");
    let mut terminate = signal(SignalKind::terminate()).context("cannot wait for signals")?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted.context("cannot wait for Ctrl-C")?,
        _ = terminate.recv() => {}
    }
    simulator.stop().await;
    Ok(())
}

fn phone_page(public_url: &Url) -> String {
    format!("{}/phone", public_url.as_str().trim_end_matches('/'))
}
