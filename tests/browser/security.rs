//! Cases of the security catalogue that need nginx or Chromium.

use std::process::Stdio;

use serde_json::json;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    process::Command,
    time::timeout,
};

use crate::{
    chromium::Chromium,
    nginx::Nginx,
    support::{TestServer, answer::PATIENCE},
};

/// Requests whose end two servers may read differently; none may get past nginx as two.
const SMUGGLED: [(&str, &str); 6] = [
    (
        "content-length and transfer-encoding",
        "content-length: 6\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    ),
    (
        "transfer-encoding and content-length",
        "transfer-encoding: chunked\r\ncontent-length: 6\r\n\r\n0\r\n\r\n",
    ),
    (
        "two lengths",
        "content-length: 0\r\ncontent-length: 44\r\n\r\n",
    ),
    ("two lengths in one line", "content-length: 0, 44\r\n\r\n"),
    (
        "a folded line",
        "x-folded: one\r\n two\r\ncontent-length: 0\r\n\r\n",
    ),
    (
        "a folded transfer-encoding",
        "transfer-encoding:\r\n chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n",
    ),
];

/// What would be taken for a request of the next visitor.
const HIDDEN: &str = "GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";

#[actix_web::test]
async fn h4_a_request_with_two_ends_is_refused_by_nginx_and_by_the_server() {
    let nginx = Nginx::prepare();
    let url = nginx.url();
    let options = [
        ("SAOMA_PUBLIC_URL", url.as_str()),
        ("SAOMA_TRUSTED_PROXIES", "127.0.0.1/32"),
        ("SAOMA_WECHAT_TRUST_BASE_URL", "true"),
    ];
    let server = TestServer::start_with(&options).await;
    let nginx = nginx.before(&server.url);
    for (name, headers) in SMUGGLED {
        let request =
            format!("POST /api/login/attempts HTTP/1.1\r\nhost: localhost\r\n{headers}{HIDDEN}");
        for (who, answers) in [
            ("nginx", by_tls(&nginx.url(), &request).await),
            ("Saoma", plainly(&server.url, &request).await),
        ] {
            let start = "HTTP/1.1 400 ";
            assert!(answers.starts_with(start), "{who}, {name}: {answers}");
            let how_many = answers.matches("HTTP/1.1 ").count();
            assert_eq!(how_many, 1, "{who}, {name}: {answers}");
        }
    }
    // An honest request gets through on the same way.
    let honest = "GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    let answer = by_tls(&nginx.url(), honest).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

/// All that nginx answers before it hangs up.
async fn by_tls(url: &str, request: &str) -> String {
    let address = url.trim_start_matches("https://");
    let mut client = Command::new("openssl")
        .args(["s_client", "-quiet", "-connect", address])
        .args(["-servername", "localhost"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("openssl is installed");
    let (input, output) = (client.stdin.take().unwrap(), client.stdout.take().unwrap());
    talk(input, output, request).await
}

/// All that the server itself answers before it hangs up.
async fn plainly(url: &str, request: &str) -> String {
    let address = url.trim_start_matches("http://");
    let stream = TcpStream::connect(address).await.unwrap();
    let (output, input) = stream.into_split();
    talk(input, output, request).await
}

async fn talk(
    mut input: impl AsyncWrite + Unpin,
    mut output: impl AsyncRead + Unpin,
    request: &str,
) -> String {
    input.write_all(request.as_bytes()).await.unwrap();
    let mut answers = Vec::new();
    // The end may be a reset, after the answer.
    let ended = timeout(PATIENCE, output.read_to_end(&mut answers)).await;
    let answers = String::from_utf8(answers).unwrap();
    assert!(ended.is_ok(), "it does not hang up after {answers:?}");
    answers
}

#[actix_web::test]
async fn l5_an_inline_script_does_not_run_on_our_pages() {
    let server = TestServer::start().await;
    let browser = Chromium::start().await;
    browser.open_login(&server.url).await;
    // Elements as an injection would leave them; how they come there does not matter.
    let refused = browser
        .run_async(
            "(async () => {
                const stopped = [];
                addEventListener('securitypolicyviolation',
                    (event) => stopped.push(event.effectiveDirective));
                const attempt = (act) => { try { act(); } catch { stopped.push('thrown'); } };
                attempt(() => { document.body.innerHTML += '<img src=x onerror=\"ran = 1\">'; });
                attempt(() => { document.createElement('script').textContent = 'ran = 1'; });
                attempt(() => { document.createElement('script').src = 'https://evil.example/x.js'; });
                const link = document.createElement('a');
                attempt(() => link.setAttribute('onclick', 'ran = 1'));
                attempt(() => link.click());
                const parsed = document.implementation.createHTMLDocument('');
                const script = parsed.createElementNS('http://www.w3.org/1999/xhtml', 'script');
                script.append('ran = 1');
                attempt(() => document.body.append(document.adoptNode(script)));
                await new Promise((resolve) => setTimeout(resolve, 300));
                return [typeof ran, stopped.length > 4, stopped.includes('script-src-elem')
                    || stopped.includes('require-trusted-types-for')];
            })()",
        )
        .await;
    assert_eq!(refused, json!(["undefined", true, true]));
    // The page itself still works.
    browser.expect_state("pending").await;
}

#[actix_web::test]
async fn l5_our_pages_are_shown_in_nobodys_frame() {
    let server = TestServer::start().await;
    let browser = Chromium::start().await;
    let framing = site_with_a_frame(&format!("{}/login", server.url)).await;
    browser.goto(&framing).await.unwrap();
    let loaded = "return document.documentElement.dataset.framed === 'done'".to_owned();
    browser.until("the frame's end".to_owned(), loaded).await;
    let tree = browser.cdp("Page.getFrameTree", json!({})).await;
    let frame = &tree["frameTree"]["childFrames"][0]["frame"];
    assert_eq!(frame["url"], "chrome-error://chromewebdata/", "{tree}");
    // A page without such a policy is shown: the frame itself is no fault of the test.
    let framing = site_with_a_frame(server.simulator.url().as_ref()).await;
    browser.goto(&framing).await.unwrap();
    let loaded = "return document.documentElement.dataset.framed === 'done'".to_owned();
    browser.until("the frame's end".to_owned(), loaded).await;
    let tree = browser.cdp("Page.getFrameTree", json!({})).await;
    let frame = &tree["frameTree"]["childFrames"][0]["frame"];
    assert_ne!(frame["url"], "chrome-error://chromewebdata/", "{tree}");
}

/// Somebody else's page around one of ours.
async fn site_with_a_frame(inner: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let page = format!(
        "<!doctype html><title>around</title><iframe src=\"{inner}\" \
         onload=\"document.documentElement.dataset.framed = 'done'\"></iframe>"
    );
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let _ = connection.read(&mut [0; 4096]).await;
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close";
            let answer = format!("{head}\r\nContent-Length: {}\r\n\r\n{page}", page.len());
            let _ = connection.write_all(answer.as_bytes()).await;
        }
    });
    url
}
