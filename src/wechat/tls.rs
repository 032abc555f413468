//! TLS towards WeChat, and whoever else Saoma asks.

use std::sync::{Arc, LazyLock};

use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};

/// The TLS configuration of all clients of the process: aws-lc-rs, Mozilla's roots, HTTP/1.1.
///
/// It names its provider instead of relying on the process's default, so that it works before
/// and without any start-up code. HTTP/2 is not offered: awc logs whole request heads there at
/// level trace, and ours carry secrets in their query.
pub(crate) fn client_config() -> Arc<ClientConfig> {
    static CONFIG: LazyLock<Arc<ClientConfig>> = LazyLock::new(|| {
        let roots = RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        let mut config =
            ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
                .with_safe_default_protocol_versions()
                .expect("aws-lc-rs has cipher suites for TLS 1.2 and 1.3")
                .with_root_certificates(roots)
                .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Arc::new(config)
    });
    Arc::clone(&CONFIG)
}

/// An HTTP client with this TLS configuration, for looks at other servers.
pub fn https_client(timeout: std::time::Duration) -> awc::Client {
    awc::Client::builder()
        .connector(awc::Connector::new().rustls_0_23(client_config()))
        .timeout(timeout)
        .finish()
}
