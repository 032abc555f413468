use super::{Settings, SettingsError, parse::Values, refuse};

fn load(pairs: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    let mut all = vec![
        ("SAOMA_WECHAT_APP_ID", "wx0123456789abcdef"),
        ("SAOMA_WECHAT_APP_SECRET", "not-a-real-secret"),
    ];
    all.extend_from_slice(pairs);
    let values = Values::of(&all);
    let settings = Settings::from_values(&values)?;
    refuse::unsafe_combinations(&settings, values.flag("SAOMA_WECHAT_TRUST_BASE_URL")?)?;
    Ok(settings)
}

fn refusal(pairs: &[(&str, &str)]) -> String {
    load(pairs)
        .expect_err("these settings are wrong")
        .to_string()
}

#[test]
fn the_defaults_are_those_of_the_protocol() {
    let settings = load(&[]).unwrap();
    assert_eq!(settings.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(settings.public_origin(), "http://localhost:8080");
    assert_eq!(settings.timers.scan.as_secs(), 120);
    assert_eq!(settings.limits.sockets_per_address, 64);
    assert!(!settings.secure());
}

#[test]
fn a_wrong_value_is_named_with_what_would_be_right() {
    let refusal = refusal(&[("SAOMA_LISTEN", "everywhere")]);
    assert!(
        refusal.contains("SAOMA_LISTEN is \"everywhere\""),
        "{refusal}"
    );
    assert!(refusal.contains("127.0.0.1:8080"), "{refusal}");
}

#[test]
fn durations_are_seconds_or_carry_a_unit() {
    assert_eq!(
        load(&[("SAOMA_SCAN_TTL", "90")])
            .unwrap()
            .timers
            .scan
            .as_secs(),
        90
    );
    assert_eq!(
        load(&[("SAOMA_SCAN_TTL", "500ms")])
            .unwrap()
            .timers
            .scan
            .as_millis(),
        500
    );
    let settings = load(&[("SAOMA_KEY_ROTATION", "2d")]).unwrap();
    assert_eq!(settings.key_rotation.as_secs(), 2 * 24 * 3600);
    for wrong in ["0", "-1", "soon", "3 weeks"] {
        assert!(refusal(&[("SAOMA_SCAN_TTL", wrong)]).contains("SAOMA_SCAN_TTL"));
    }
}

#[test]
fn plain_http_is_refused_unless_the_host_is_near() {
    for near in [
        "http://192.168.1.2:8080",
        "http://[::1]:8080",
        "http://10.1.2.3",
    ] {
        load(&[("SAOMA_PUBLIC_URL", near)]).unwrap();
    }
    assert!(refusal(&[("SAOMA_PUBLIC_URL", "http://login.example.com")]).contains("plain http"));
}

#[test]
fn a_stranger_in_wechats_place_is_refused_unless_trusted() {
    let stranger = [
        ("SAOMA_PUBLIC_URL", "https://login.example.com"),
        (
            "SAOMA_WECHAT_BASE_URL",
            "https://api.weixin.qq.com.evil.example",
        ),
    ];
    assert!(refusal(&stranger).contains("SAOMA_WECHAT_BASE_URL"));
    let trusted = [&stranger[..], &[("SAOMA_WECHAT_TRUST_BASE_URL", "true")]].concat();
    load(&trusted).unwrap();
}

#[test]
fn k7_an_http_origin_is_refused() {
    let origin = "http://shop.example.com";
    for name in ["SAOMA_PUBLIC_URL", "SAOMA_RETURN_ORIGINS"] {
        let refusal = refusal(&[(name, origin)]);
        assert!(
            refusal.contains(name) && refusal.contains(origin),
            "{refusal}"
        );
        assert!(refusal.contains("https"), "{refusal}");
    }
    load(&[("SAOMA_RETURN_ORIGINS", "http://localhost:3000")]).unwrap();
}

#[test]
fn k7_a_star_is_no_origin() {
    for star in ["*", "https://*", "https://*.example.com", "null"] {
        for name in ["SAOMA_PUBLIC_URL", "SAOMA_RETURN_ORIGINS"] {
            assert!(refusal(&[(name, star)]).contains(name), "{name}={star}");
        }
    }
}

#[test]
fn k7_the_simulators_secret_is_refused_at_wechat() {
    let secret = ("SAOMA_WECHAT_APP_SECRET", crate::simulator::DEMO_APP_SECRET);
    let refusal = refusal(&[secret]);
    assert!(refusal.contains("SAOMA_WECHAT_APP_SECRET"), "{refusal}");
    assert!(!refusal.contains(secret.1), "{refusal}");
    let simulator = ("SAOMA_WECHAT_BASE_URL", "http://127.0.0.1:8090");
    load(&[secret, simulator]).unwrap();
}

#[test]
fn codes_of_a_pool_without_any_check_are_refused() {
    let both = [("SAOMA_CHECK", "none"), ("SAOMA_CODES", "pool")];
    let refusal = refusal(&both);
    assert!(refusal.contains("SAOMA_CHECK"), "{refusal}");
    assert!(refusal.contains("SAOMA_CODES=pool"), "{refusal}");
    assert!(refusal.contains("number"), "{refusal}");
}

#[test]
fn a_quarantine_that_a_login_could_outlast_is_refused() {
    let settings = load(&[]).unwrap();
    assert_eq!(settings.codes.pool.quarantine.as_secs(), 900);
    // 120, 60, 300, 90 and 60 seconds.
    let refusal = refusal(&[("SAOMA_POOL_QUARANTINE", "630s")]);
    for part in [
        "SAOMA_POOL_QUARANTINE is \"630s\"",
        "SAOMA_REGISTER_TTL",
        "more than 630 s",
    ] {
        assert!(refusal.contains(part), "{refusal}");
    }
    load(&[("SAOMA_POOL_QUARANTINE", "631s")]).unwrap();
    // Whoever gives people more time and says nothing of the pool gets a longer one.
    let settings = load(&[("SAOMA_CONFIRM_TTL", "1h")]).unwrap();
    assert_eq!(settings.codes.pool.quarantine.as_secs(), 3600 + 570 + 60);
}

#[test]
fn signing_keys_do_not_change_by_the_minute() {
    let refusal = refusal(&[("SAOMA_KEY_ROTATION", "5m")]);
    assert!(refusal.contains("SAOMA_KEY_ROTATION"), "{refusal}");
}

#[test]
fn a_missing_mini_program_is_asked_for_by_name() {
    let values = Values::of(&[]);
    let refusal = Settings::from_values(&values).unwrap_err().to_string();
    assert!(refusal.contains("SAOMA_WECHAT_APP_ID"), "{refusal}");
}

#[test]
fn secrets_do_not_show_in_the_settings_debug_form() {
    let shown = format!("{:?}", load(&[]).unwrap());
    assert!(!shown.contains("not-a-real-secret"), "{shown}");
}
