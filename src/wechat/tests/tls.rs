//! Somebody else in WeChat's place.

use std::{net::TcpListener, sync::Arc, thread};

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair},
};
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    crypto::aws_lc_rs::default_provider,
    pki_types::{CertificateDer, PrivatePkcs8KeyDer},
};

use super::js_code;
use crate::wechat::{AccessToken, Wechat, WechatError, fake};

#[actix_web::test]
async fn t6_a_certificate_that_nobody_vouches_for_is_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let impostor = thread::spawn(move || {
        let (socket, _) = listener.accept().unwrap();
        let connection = ServerConnection::new(Arc::new(self_signed())).unwrap();
        let mut stream = StreamOwned::new(connection, socket);
        std::io::Read::read(&mut stream, &mut [0; 1024])
    });
    let mut settings = fake::settings(address);
    settings.base_url.set_scheme("https").unwrap();
    let wechat = Wechat::new(Arc::new(settings), Arc::new(AccessToken::new()));
    let error = wechat.identify(&js_code()).await.unwrap_err();
    assert!(matches!(error, WechatError::Unreachable { .. }), "{error}");
    assert!(error.to_string().contains("UnknownIssuer"), "{error}");
    let heard = impostor.join().unwrap();
    assert!(
        heard.is_err(),
        "the impostor got {heard:?} bytes of a request"
    );
}

/// A server for 127.0.0.1 whose certificate is sound but for its issuer, made by hand so that no
/// key lies in the repository.
fn self_signed() -> ServerConfig {
    let random = SystemRandom::new();
    let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
    let key = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, key.as_ref()).unwrap();

    let ecdsa_with_sha256 = sequence(&[&der(6, b"\x2A\x86\x48\xCE\x3D\x04\x03\x02")]);
    let ec_public_key = der(6, b"\x2A\x86\x48\xCE\x3D\x02\x01");
    let prime256v1 = der(6, b"\x2A\x86\x48\xCE\x3D\x03\x01\x07");
    let public_key = sequence(&[
        &sequence(&[&ec_public_key, &prime256v1]),
        &bit_string(pair.public_key().as_ref()),
    ]);
    let validity = sequence(&[&der(0x17, b"200101000000Z"), &der(0x17, b"491231235959Z")]);
    let address = sequence(&[&der(0x87, &[127, 0, 0, 1])]);
    let alternative_name = sequence(&[&der(6, b"\x55\x1D\x11"), &der(4, &address)]);
    let nobody = sequence(&[]);
    let certificate = sequence(&[
        &der(0xA0, &der(2, &[2])),
        &der(2, &[1]),
        &ecdsa_with_sha256,
        &nobody,
        &validity,
        &nobody,
        &public_key,
        &der(0xA3, &sequence(&[&alternative_name])),
    ]);
    let signature = pair.sign(&random, &certificate).unwrap();
    let signed = sequence(&[
        &certificate,
        &ecdsa_with_sha256,
        &bit_string(signature.as_ref()),
    ]);
    ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from(signed)],
            PrivatePkcs8KeyDer::from(key.as_ref().to_vec()).into(),
        )
        .unwrap()
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    let mut value = match length {
        [0, short] if short < 0x80 => vec![tag, short],
        [0, byte] => vec![tag, 0x81, byte],
        [high, low] => vec![tag, 0x82, high, low],
    };
    value.extend_from_slice(content);
    value
}

fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    der(0x30, &parts.concat())
}

fn bit_string(bytes: &[u8]) -> Vec<u8> {
    der(3, &[&[0], bytes].concat())
}
