//! `saoma demo`: everything on one machine, with a simulated WeChat and phone.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, UdpSocket},
    path::PathBuf,
    sync::Arc,
};

use anyhow::Context;
use url::Url;

use crate::{
    settings::{Flags, Settings},
    simulator::{Screen, Simulator, SimulatorSettings},
    startup::Application,
    store::Store,
};

/// What the demo can be told.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Let phones on the same network scan the code (listens on all addresses)
    #[arg(long)]
    lan: bool,
    /// Port of the login page
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Port of the simulated WeChat and phone
    #[arg(long, default_value_t = 8090)]
    phone_port: u16,
    /// Port of health and metrics
    #[arg(long, default_value_t = 9180)]
    admin_port: u16,
    /// Where the demo keeps its users
    #[arg(long, default_value = "data", value_name = "FOLDER")]
    data_dir: String,
}

/// Starts simulator and server, prints the two addresses, and serves until Ctrl-C.
pub async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let any = if arguments.lan {
        Ipv4Addr::UNSPECIFIED
    } else {
        Ipv4Addr::LOCALHOST
    };
    let host = if arguments.lan {
        lan_address()?.to_string()
    } else {
        "localhost".to_owned()
    };
    let site = Url::parse(&format!("http://{host}:{}", arguments.port))?;
    let phone = Url::parse(&format!("http://{host}:{}", arguments.phone_port))?;

    let mut simulated = SimulatorSettings {
        public_url: Some(phone.clone()),
        saoma_url: Some(Url::parse(&format!("http://127.0.0.1:{}", arguments.port))?),
        ..SimulatorSettings::default()
    };
    let mut settings = settings(&arguments, any, &site, &simulated)?;
    settings.codes.phone_url = Some(phone.clone());
    simulated.site_name.clone_from(&settings.site_name);
    let listener = listen(any, arguments.phone_port, "--phone-port")?;
    // Tried here once, since the demo has other names for its ports than the server.
    drop(listen(any, arguments.port, "--port")?);
    drop(listen(
        Ipv4Addr::LOCALHOST,
        arguments.admin_port,
        "--admin-port",
    )?);
    let simulator = Simulator::start(listener, simulated)?;
    let application = match Application::build(settings).await {
        Ok(application) => application,
        Err(error) => {
            simulator.stop().await;
            return Err(error);
        }
    };
    let screen = screen(application.store.clone(), images(&arguments));
    simulator.state().set_screen(screen);
    println!(
        "\n  Saoma is ready.  扫码登录已就绪。\n\n\
         \x20 1. Login page  登录页      {site}\n\
         \x20 2. Phone       模拟手机    {phone}phone\n\n\
         \x20 Open both in a browser and let the phone scan the page's code{}.\n\
         \x20 Ctrl-C stops all of it.  在浏览器里打开两个地址，用模拟手机扫码；Ctrl-C 停止。\n",
        if arguments.lan {
            ",\n  or scan it with a real phone on this network"
        } else {
            ""
        },
    );
    let served = application.run_until_stopped().await;
    simulator.stop().await;
    served
}

/// Where the demo keeps the images of codes.
fn images(arguments: &Arguments) -> PathBuf {
    PathBuf::from(&arguments.data_dir).join("codes")
}

/// What the login page shows, by the database: the simulated phone looks there, since a code of
/// the stock was drawn long before it is shown.
fn screen(store: Store, images: PathBuf) -> Screen {
    let images = Arc::new(images);
    Screen::new(move || {
        let (store, images) = (store.clone(), images.clone());
        async move {
            let image = store.shown_image().await.ok()??;
            tokio::fs::read(images.join(image)).await.ok()
        }
    })
}

fn listen(address: Ipv4Addr, port: u16, flag: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(SocketAddr::from((address, port)))
        .with_context(|| format!("port {port} cannot be listened on; choose another with {flag}"))
}

fn settings(
    arguments: &Arguments,
    any: Ipv4Addr,
    site: &Url,
    simulated: &SimulatorSettings,
) -> anyhow::Result<Settings> {
    let pairs = [
        ("SAOMA_LISTEN", format!("{any}:{}", arguments.port)),
        (
            "SAOMA_ADMIN_LISTEN",
            format!("127.0.0.1:{}", arguments.admin_port),
        ),
        ("SAOMA_PUBLIC_URL", site.to_string()),
        ("SAOMA_DATA_DIR", arguments.data_dir.clone()),
        ("SAOMA_CODE_STORE", images(arguments).display().to_string()),
        ("SAOMA_SITE_NAME", "Saoma Demo".to_owned()),
        ("SAOMA_WECHAT_APP_ID", simulated.app_id.clone()),
        ("SAOMA_WECHAT_APP_SECRET", simulated.app_secret.clone()),
        (
            "SAOMA_WECHAT_BASE_URL",
            format!("http://127.0.0.1:{}", arguments.phone_port),
        ),
        // Enough for whoever tries it, and quick to draw.
        ("SAOMA_STOCK_SIZE", "50".to_owned()),
        ("SAOMA_STOCK_MAX", "50".to_owned()),
    ];
    let set = pairs
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let mut settings = Settings::load(&Flags {
        set,
        ..Flags::default()
    })?;
    // The demo is always on its own database, whatever the environment has for other programs.
    settings.database_url = None;
    // And under its own secret key. An earlier version sealed under the environment's.
    settings.secret_key_old = settings.secret_key.take().or(settings.secret_key_old);
    settings.demo = true;
    Ok(settings)
}

/// The address that this machine has on its network: the one from which a
/// datagram would leave. None is sent.
fn lan_address() -> anyhow::Result<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    let address = socket
        .connect((Ipv4Addr::new(192, 0, 2, 1), 9))
        .and_then(|()| socket.local_addr());
    let address = address
        .context("this machine has no network; leave --lan out")?
        .ip();
    anyhow::ensure!(
        !address.is_loopback(),
        "this machine has no network; leave --lan out"
    );
    Ok(address)
}
