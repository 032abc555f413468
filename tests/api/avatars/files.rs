//! What a phone may send as a picture, and what is kept of it.

use super::*;

#[actix_web::test]
async fn nothing_of_the_file_but_its_pixels_is_kept() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let text = [b"Comment\0", CANARY.as_bytes()].concat();
    let page = format!("<script>{CANARY}</script>");
    for file in [
        with_segment(&jpeg(), 0xe1, &exif(1, CANARY)),
        with_segment(&jpeg(), 0xfe, CANARY.as_bytes()),
        with_segment(
            &jpeg(),
            0xe2,
            &[b"ICC_PROFILE\0\x01\x01", CANARY.as_bytes()].concat(),
        ),
        with_chunk(&png(), b"tEXt", &text),
        with_chunk(&png(), b"eXIf", &exif(1, CANARY)[6..]),
        [jpeg(), page.clone().into_bytes()].concat(),
        [png(), page.into_bytes()].concat(),
    ] {
        let path = sent(&server, &phone, file).await;
        let answer = shown(&server, &path).await;
        drawn(&answer);
        let is_left = answer
            .bytes
            .windows(CANARY.len())
            .any(|part| part == CANARY.as_bytes());
        assert!(!is_left);
        assert!(!answer.bytes.windows(4).any(|part| part == b"Exif"));
    }
}

#[actix_web::test]
async fn a_picture_of_a_camera_held_sideways_is_upright() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    for (orientation, top, bottom) in [(6, RED, BLUE), (8, BLUE, RED)] {
        let file = with_segment(&jpeg(), 0xe1, &exif(orientation, ""));
        let path = sent(&server, &phone, file).await;
        let image = drawn(&shown(&server, &path).await);
        expect_colour(&image, (100, 20), top);
        expect_colour(&image, (100, 180), bottom);
    }
    let file = with_segment(&jpeg(), 0xe1, &exif(3, ""));
    let path = sent(&server, &phone, file).await;
    expect_colour(&drawn(&shown(&server, &path).await), (20, 100), BLUE);
}

#[actix_web::test]
async fn of_a_picture_that_moves_the_first_is_taken() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let path = sent(&server, &phone, animated(&png())).await;
    expect_colour(&drawn(&shown(&server, &path).await), (20, 100), RED);
}

#[actix_web::test]
async fn what_is_no_picture_of_ours_is_refused_and_the_old_one_stays() {
    // A person is allowed ten in an hour.
    let server = TestServer::start_with(&[("SAOMA_MAX_REGISTRATIONS_PER_USER", "0")]).await;
    let phone = server.registered_phone("Ming").await;
    let before = sent(&server, &phone, jpeg()).await;
    let mut flipped = png();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0xff;
    let cases: [(&str, &str, Vec<u8>, u16); 18] = [
        ("nothing", "image/jpeg", Vec::new(), 415),
        ("a text", "image/png", b"hello".to_vec(), 415),
        (
            "an SVG",
            "image/svg+xml",
            b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(),
            415,
        ),
        (
            "an SVG that calls itself PNG",
            "image/png",
            b"<svg/>".to_vec(),
            415,
        ),
        (
            "a GIF",
            "image/gif",
            b"GIF89a\x01\0\x01\0\0\0\0;".to_vec(),
            415,
        ),
        (
            "a WebP that calls itself JPEG",
            "image/jpeg",
            b"RIFF\x1a\0\0\0WEBPVP8L".to_vec(),
            415,
        ),
        ("a JPEG that calls itself PNG", "image/png", jpeg(), 415),
        ("a PNG that calls itself JPEG", "image/jpeg", png(), 415),
        (
            "a JPEG that calls itself JSON",
            "application/json",
            jpeg(),
            415,
        ),
        (
            "a text that calls itself nothing",
            "",
            b"hello".to_vec(),
            415,
        ),
        (
            "the beginning of a JPEG",
            "image/jpeg",
            jpeg()[..20].to_vec(),
            422,
        ),
        (
            "the beginning of a PNG",
            "image/png",
            png()[..20].to_vec(),
            422,
        ),
        ("half of a PNG", "image/png", png()[..middle].to_vec(), 422),
        ("a broken PNG", "image/png", flipped, 422),
        (
            "a PNG of no pixels",
            "image/png",
            of_size(&png(), 0, 0),
            422,
        ),
        (
            "a PNG of gigabytes",
            "image/png",
            of_size(&png(), 65_535, 65_535),
            422,
        ),
        (
            "a PNG of more than all memory",
            "image/png",
            of_size(&png(), 1 << 30, 1 << 30),
            422,
        ),
        (
            "a very long PNG",
            "image/png",
            picture(4097, 1, ImageFormat::Png),
            422,
        ),
    ];
    for (what, kind, file, status) in cases {
        let answer = phone.send_avatar(kind, file).await;
        assert_eq!(answer.status, status, "{what}");
        let code = if status == 415 {
            "unsupported_media_type"
        } else {
            "avatar_invalid"
        };
        answer.expect_problem(status, code);
    }
    let user = phone.rename("Ming").await.expect(200);
    assert_eq!(path(&server, &user), before);
    drawn(&shown(&server, &before).await);
    // What says nothing of itself is what it is.
    for kind in ["", "application/octet-stream"] {
        phone.send_avatar(kind, jpeg()).await.expect(200);
    }
}

#[actix_web::test]
async fn a_picture_that_decodes_to_sixteen_million_pixels_is_refused_by_its_few_bytes() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let file = pictures::picture(4096, 4096, ImageFormat::Png);
    assert!(file.len() < MOST, "{}", file.len());
    let refused = phone.send_avatar("image/png", file).await;
    refused.expect_problem(422, "avatar_invalid");
}

#[actix_web::test]
async fn a_picture_has_at_most_256_kib() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let filled = |size: usize| {
        let mut file = jpeg();
        file.resize(size, 0);
        file
    };
    sent(&server, &phone, filled(MOST)).await;
    for size in [MOST + 1, 4 * MOST] {
        let refused = phone.send_avatar("image/jpeg", filled(size)).await;
        refused.expect_problem(413, "too_large");
    }
}

#[actix_web::test]
async fn a_picture_may_come_in_pieces_of_unknown_number() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let in_pieces = async |file: Vec<u8>| {
        let pieces: Vec<_> = file
            .chunks(1000)
            .map(Bytes::copy_from_slice)
            .map(Ok::<_, Infallible>)
            .collect();
        let request = phone
            .client
            .put(format!("{}/api/phone/avatar", server.url))
            .insert_header(("authorization", format!("Bearer {}", phone.token)))
            .insert_header(("content-type", "image/jpeg"));
        Answer::of(request.send_stream(stream::iter(pieces)).await.unwrap()).await
    };
    let user = in_pieces(jpeg()).await.expect(200);
    drawn(&shown(&server, &path(&server, &user)).await);
    let mut large = jpeg();
    large.resize(MOST + 1, 0);
    in_pieces(large).await.expect_problem(413, "too_large");
}

#[actix_web::test]
async fn a_picture_that_ends_before_its_length_changes_nothing() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let before = sent(&server, &phone, jpeg()).await;
    let file = png();
    let mut stream = TcpStream::connect(server.url.trim_start_matches("http://"))
        .await
        .unwrap();
    let head = format!(
        "PUT /api/phone/avatar HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {}\r\n\
         content-type: image/png\r\ncontent-length: {}\r\n\r\n",
        phone.token,
        file.len() + 1,
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&file).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = Vec::new();
    let end = timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
    let _ = end.expect("the server does not end it");
    assert!(
        !answer.starts_with(b"HTTP/1.1 200"),
        "{}",
        String::from_utf8_lossy(&answer)
    );
    let user = phone.rename("Ming").await.expect(200);
    assert_eq!(path(&server, &user), before);
}

#[actix_web::test]
async fn the_largest_picture_that_is_kept_is_small() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    // Nothing is larger as a JPEG than noise.
    let mut seed = 1_u32;
    let noise = RgbImage::from_fn(256, 256, |_, _| {
        Rgb([0, 1, 2].map(|_| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            seed.to_be_bytes()[0]
        }))
    });
    let mut file = Cursor::new(Vec::new());
    noise.write_to(&mut file, ImageFormat::Png).unwrap();
    let path = sent(&server, &phone, file.into_inner()).await;
    let answer = shown(&server, &path).await;
    drawn(&answer);
    assert!(answer.bytes.len() < MOST, "{}", answer.bytes.len());
}
