//! `/wxa/getwxacodeunlimit`.

use awc::http::Method;
use saoma::simulator::{Screen, SimulatorSettings};
use serde_json::{Value, json};

use crate::helpers::{TestSimulator, start, start_with};

/// What a QR reader finds in the picture.
fn read(image: &[u8]) -> String {
    let picture = image::load_from_memory(image).expect("a picture");
    let mut background = image::RgbaImage::from_pixel(
        picture.width(),
        picture.height(),
        image::Rgba([255, 255, 255, 255]),
    );
    image::imageops::overlay(&mut background, &picture.to_rgba8(), 0, 0);
    let luma = image::DynamicImage::ImageRgba8(background).to_luma8();
    let (width, height) = (luma.width() as usize, luma.height() as usize);
    let mut prepared = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| {
        luma.as_raw()[y * width + x]
    });
    let codes = prepared.detect_grids();
    assert_eq!(codes.len(), 1, "one code in the picture");
    codes[0].decode().expect("a readable code").1
}

async fn errcode(sim: &TestSimulator, body: Value) -> i64 {
    sim.code_image(&body).await.errcode()
}

#[actix_web::test]
async fn a_code_is_a_jpeg_that_any_reader_reads() {
    let sim = start();
    let scene = "Ab3-_xyzAb3-_xyzAb3-_xyzAb3-_xyz";
    let reply = sim
        .code_image(&json!({ "scene": scene, "page": "pages/index/wsLogin" }))
        .await;
    assert_eq!(
        (reply.status, reply.content_type.as_str()),
        (200, "image/jpeg")
    );
    assert_eq!(reply.body[..2], [0xff, 0xd8]);
    assert_eq!(read(&reply.body), sim.url(&format!("/phone?scene={scene}")));
    assert_eq!(image::load_from_memory(&reply.body).unwrap().width(), 430);
}

#[actix_web::test]
async fn the_phone_sees_the_newest_code_or_the_one_on_a_screen_that_it_is_shown() {
    let sim = start();
    let seen = async || sim.get("/phone/newest").await.json()["scene"].clone();
    assert_eq!(seen().await, Value::Null);
    // Drawn in blocks and not, black and not.
    let scene = "a+b&c=d";
    let codes = [
        json!({ "scene": scene }),
        json!({ "scene": scene, "width": 1280 }),
        json!({ "scene": scene, "auto_color": false, "line_color": {"r": 9, "g": 9, "b": 9} }),
        json!({ "scene": scene, "auto_color": false, "line_color": {"r": 200, "g": 0, "b": 0} }),
    ];
    for code in codes {
        let shown = sim.code_image(&code).await.body.to_vec();
        assert!(read(&shown).contains("scene=a%2Bb%26c%3Dd"));
        sim.code_image(&json!({ "scene": "newest" })).await;
        assert_eq!(seen().await, "newest");
        let screen = move || std::future::ready(Some(shown.clone()));
        let another = start();
        another.state().set_screen(Screen::new(screen));
        let seen = another.get("/phone/newest").await.json();
        assert_eq!(seen["scene"], scene, "{code}");
    }
    for shown in [
        None,
        Some(b"no picture".to_vec()),
        Some(vec![0xff, 0xd8, 0xff]),
    ] {
        let screen = move || std::future::ready(shown.clone());
        sim.state().set_screen(Screen::new(screen));
        assert_eq!(seen().await, Value::Null);
    }
}

#[actix_web::test]
async fn a_transparent_code_is_a_png_that_calls_itself_jpeg() {
    let sim = start();
    let body = json!({ "scene": "abc", "is_hyaline": true });
    let reply = sim.code_image(&body).await;
    assert_eq!(reply.content_type, "image/jpeg");
    assert_eq!(reply.body[..8], *b"\x89PNG\r\n\x1a\n");
    let picture = image::load_from_memory(&reply.body).unwrap().to_rgba8();
    assert_eq!(picture.get_pixel(0, 0)[3], 0, "the corner is transparent");
    assert_eq!(read(&reply.body), sim.url("/phone?scene=abc"));
}

#[actix_web::test]
async fn a_code_carries_the_public_address_and_the_scene_percent_encoded() {
    let public_url = Some("http://192.168.1.20:8090".parse().unwrap());
    let sim = start_with(SimulatorSettings {
        public_url,
        ..SimulatorSettings::default()
    });
    let reply = sim
        .code_image(&json!({ "scene": "type=more&grid=3+7" }))
        .await;
    assert_eq!(
        read(&reply.body),
        "http://192.168.1.20:8090/phone?scene=type%3Dmore%26grid%3D3%2B7"
    );
}

#[actix_web::test]
async fn a_code_is_as_wide_as_asked_within_limits() {
    let sim = start();
    let mut pictures = Vec::new();
    for (asked, drawn) in [(280, 280), (1280, 1280), (10, 280), (5000, 1280)] {
        let reply = sim
            .code_image(&json!({ "scene": "abc", "width": asked }))
            .await;
        pictures.push((drawn, reply.body));
    }
    for (drawn, picture) in &pictures {
        let picture = image::load_from_memory(picture).unwrap();
        assert_eq!((picture.width(), picture.height()), (*drawn, *drawn));
    }
    // The small one is drawn by another encoder than those with room for whole blocks.
    assert_eq!(read(&pictures[0].1), sim.url("/phone?scene=abc"));
}

#[actix_web::test]
async fn lines_take_the_colour_asked_for_in_numbers_or_strings() {
    let sim = start();
    for color in [
        json!({ "r": 0, "g": 0, "b": 150 }),
        json!({ "r": "0", "g": "0", "b": "150" }),
    ] {
        let body = json!({ "scene": "abc", "line_color": color, "is_hyaline": true });
        let picture = image::load_from_memory(&sim.code_image(&body).await.body).unwrap();
        let picture = picture.to_rgba8();
        assert!(picture.pixels().any(|pixel| pixel.0 == [0, 0, 150, 255]));
    }
    let body = json!({ "scene": "abc", "line_color": { "r": 0, "g": 0, "b": 150 } });
    assert_eq!(
        read(&sim.code_image(&body).await.body),
        sim.url("/phone?scene=abc")
    );
}

#[actix_web::test]
async fn a_scene_must_be_short_and_of_plain_characters() {
    let sim = start();
    assert_eq!(errcode(&sim, json!({})).await, 40169);
    assert_eq!(errcode(&sim, json!({ "scene": "" })).await, 40169);
    assert_eq!(
        errcode(&sim, json!({ "scene": "a".repeat(33) })).await,
        40169
    );
    assert_eq!(errcode(&sim, json!({ "scene": "100%" })).await, 40129);
    assert_eq!(errcode(&sim, json!({ "scene": "扫码" })).await, 40129);
    let allowed = json!({ "scene": "!#$&'()*+,/:;=?@-._~aZ09" });
    assert_eq!(sim.code_image(&allowed).await.content_type, "image/jpeg");
}

#[actix_web::test]
async fn a_page_must_be_published_unless_nobody_checks() {
    let sim = start();
    let with_page = |page: &str| json!({ "scene": "abc", "page": page });
    assert_eq!(errcode(&sim, with_page("pages/other/other")).await, 41030);
    assert_eq!(
        errcode(&sim, with_page("/pages/index/wsLogin")).await,
        41030
    );
    assert_eq!(
        errcode(&sim, with_page("pages/index/wsLogin?a=1")).await,
        41030
    );
    let unchecked = json!({ "scene": "abc", "page": "pages/other/other", "check_path": false });
    assert_eq!(sim.code_image(&unchecked).await.content_type, "image/jpeg");
    sim.state().set_published(false);
    assert_eq!(errcode(&sim, with_page("pages/index/wsLogin")).await, 41030);
    assert_eq!(sim.code_image(&unchecked).await.content_type, "image/jpeg");
}

#[actix_web::test]
async fn a_version_is_one_of_three_and_never_empty() {
    let sim = start();
    for version in ["release", "trial", "develop"] {
        let body = json!({ "scene": "abc", "env_version": version });
        assert_eq!(sim.code_image(&body).await.content_type, "image/jpeg");
    }
    for version in ["", "beta"] {
        assert_eq!(
            errcode(&sim, json!({ "scene": "abc", "env_version": version })).await,
            40097
        );
    }
}

#[actix_web::test]
async fn scancode_time_is_reserved() {
    let sim = start();
    let body = json!({ "scene": "abc", "page": "pages/index/wsLogin?scancode_time=1" });
    assert_eq!(errcode(&sim, body).await, 85096);
}

#[actix_web::test]
async fn refusals_name_their_encoding_in_their_own_way() {
    let sim = start();
    let token = sim.access_token().await;
    let path = format!("/wxa/getwxacodeunlimit?access_token={token}");
    let reply = sim.send(Method::POST, &path, "scene=abc").await;
    assert_eq!(reply.errcode(), 40169);
    assert_eq!(reply.content_type, "application/json; encoding=utf-8");
    let expected = "invalid length for scene, or the data is not json string rid: ";
    assert!(reply.errmsg().starts_with(expected), "{}", reply.errmsg());
    assert_eq!(sim.get(&path).await.errcode(), 43002);
}

#[actix_web::test]
async fn the_token_is_checked_before_the_rest() {
    let sim = start();
    assert_eq!(
        sim.send(Method::POST, "/wxa/getwxacodeunlimit", "")
            .await
            .errcode(),
        41001
    );
}
