//! What a person should know before he agrees. A warning is shown and nothing
//! else: none loosens a check, and where a browser comes from tightens none today.

use crate::places::Network;

/// All that a scan says about how the code came to the phone.
#[derive(Debug, Clone, Copy)]
pub struct Signals<'a> {
    /// A camera read the code from a screen: entry scene 1047.
    pub by_camera: bool,
    /// The code serves more than one attempt.
    pub reusable_code: bool,
    /// The code was shown long before the scan.
    pub code_old: bool,
    /// Of the browser that asks.
    pub browser: &'a Network,
    /// Of the phone that scans.
    pub phone: &'a Network,
}

/// The warnings that apply, in the order of PROTOCOL, section 8. What is unknown
/// warns of nothing.
pub fn warnings(signals: &Signals<'_>) -> Vec<&'static str> {
    let Signals { browser, phone, .. } = signals;
    let all = [
        ("entry_scene", !signals.by_camera),
        ("reusable_code", signals.reusable_code),
        ("code_old", signals.code_old),
        ("network_differs", differ(browser.asn, phone.asn)),
        (
            "country_differs",
            differ(browser.country.as_deref(), phone.country.as_deref()),
        ),
        ("hosting_network", browser.hosting),
    ];
    all.into_iter()
        .filter_map(|(warning, applies)| applies.then_some(warning))
        .collect()
}

/// Both are known and not the same.
fn differ<T: PartialEq>(one: Option<T>, other: Option<T>) -> bool {
    one.zip(other).is_some_and(|(one, other)| one != other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(country: &str, asn: u32, hosting: bool) -> Network {
        Network {
            country: Some(country.to_owned()),
            asn: Some(asn),
            hosting,
        }
    }

    fn quiet<'a>(browser: &'a Network, phone: &'a Network) -> Signals<'a> {
        Signals {
            by_camera: true,
            reusable_code: false,
            code_old: false,
            browser,
            phone,
        }
    }

    #[test]
    fn a_fresh_code_in_front_of_the_camera_warns_of_nothing() {
        let home = network("CN", 4134, false);
        assert!(warnings(&quiet(&home, &home)).is_empty());
    }

    #[test]
    fn all_six_stand_in_the_order_of_the_protocol() {
        let (browser, phone) = (network("US", 16509, true), network("CN", 4134, false));
        let signals = Signals {
            by_camera: false,
            reusable_code: true,
            code_old: true,
            browser: &browser,
            phone: &phone,
        };
        assert_eq!(
            warnings(&signals),
            [
                "entry_scene",
                "reusable_code",
                "code_old",
                "network_differs",
                "country_differs",
                "hosting_network"
            ]
        );
    }

    #[test]
    fn each_signal_gives_its_own_warning_alone() {
        let home = network("CN", 4134, false);
        let quiet = quiet(&home, &home);
        let mobile = network("CN", 9808, false);
        let abroad = network("SG", 4134, false);
        let server = network("CN", 4134, true);
        for (signals, warning) in [
            (
                Signals {
                    by_camera: false,
                    ..quiet
                },
                "entry_scene",
            ),
            (
                Signals {
                    reusable_code: true,
                    ..quiet
                },
                "reusable_code",
            ),
            (
                Signals {
                    code_old: true,
                    ..quiet
                },
                "code_old",
            ),
            (
                Signals {
                    phone: &mobile,
                    ..quiet
                },
                "network_differs",
            ),
            (
                Signals {
                    browser: &abroad,
                    ..quiet
                },
                "country_differs",
            ),
            (
                Signals {
                    browser: &server,
                    ..quiet
                },
                "hosting_network",
            ),
        ] {
            assert_eq!(warnings(&signals), [warning]);
        }
    }

    #[test]
    fn what_is_unknown_differs_from_nothing() {
        let (known, unknown) = (network("CN", 4134, false), Network::default());
        for (browser, phone) in [(&known, &unknown), (&unknown, &known), (&unknown, &unknown)] {
            assert!(warnings(&quiet(browser, phone)).is_empty());
        }
    }

    #[test]
    fn a_phone_in_a_data_centre_is_nobodys_warning() {
        let (browser, phone) = (network("CN", 4134, false), network("CN", 4134, true));
        assert!(warnings(&quiet(&browser, &phone)).is_empty());
    }
}
