//! A browser as people know it, from its `User-Agent`.

use woothee::parser::Parser;

/// Words of browsers that woothee takes for others, the more special first.
const BROWSERS: &[(&str, &str)] = &[
    ("MicroMessenger/", "WeChat"),
    ("MQQBrowser/", "QQ Browser"),
    ("QQBrowser/", "QQ Browser"),
    ("UCBrowser/", "UC Browser"),
    ("UBrowser/", "UC Browser"),
    ("360SE", "360 Browser"),
    ("360EE", "360 Browser"),
    ("QihooBrowser", "360 Browser"),
    ("HuaweiBrowser/", "Huawei Browser"),
    ("MiuiBrowser/", "Mi Browser"),
    ("Edg", "Edge"),
];

const SYSTEMS: &[(&str, &str)] = &[
    ("HarmonyOS", "HarmonyOS"),
    ("OpenHarmony", "HarmonyOS"),
    ("Windows", "Windows"),
    ("iPhone", "iOS"),
    ("iPad", "iPadOS"),
    ("Mac OS X", "macOS"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
];

/// What is shown of a browser that says nothing about itself.
const UNKNOWN: &str = "?";

/// Name and system, such as ("Chrome", "Windows").
pub fn describe(user_agent: &str) -> (String, String) {
    let known = |table: &[(&str, &'static str)]| {
        table
            .iter()
            .find(|(word, _)| user_agent.contains(word))
            .map(|(_, name)| *name)
    };
    let parsed = Parser::new().parse(user_agent).map(|result| result.name);
    let name = known(BROWSERS)
        .or(parsed)
        .filter(|name| *name != "UNKNOWN")
        .unwrap_or(UNKNOWN);
    (
        name.to_owned(),
        known(SYSTEMS).unwrap_or(UNKNOWN).to_owned(),
    )
}

/// Where a login page is open, as far as it matters how the mini program can be opened there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Device {
    /// A screen that a phone can scan.
    Screen,
    /// `WeChat`'s own browser on a phone or tablet: a long press on a code opens it.
    Wechat,
    /// Another browser on the phone itself.
    Phone,
}

/// The device, by the words of its `User-Agent`. `WeChat` on a computer is a screen, and so is
/// a tablet: it shows a code to the phone beside it.
pub fn device(user_agent: &str) -> Device {
    let has = |word| user_agent.contains(word);
    let is_phone = has("iPhone")
        || has("Android") && has("Mobile")
        || has("Harmony") && (has("Phone") || has("Mobile"));
    let is_mobile = is_phone || has("iPad") || has("Android") || has("Harmony");
    match (has("MicroMessenger/") && is_mobile, is_phone) {
        (true, _) => Device::Wechat,
        (false, true) => Device::Phone,
        (false, false) => Device::Screen,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_on_a_phone_is_told_from_one_that_a_phone_can_scan() {
        for (agent, expected) in [
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.54(0x18003622) NetType/WIFI Language/zh_CN",
                Device::Wechat,
            ),
            (
                "Mozilla/5.0 (Linux; Android 14; 23127PN0CC Build/UKQ1.230804.001; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/116.0.0.0 Mobile Safari/537.36 XWEB/1160117 MMWEBSDK/20240404 MicroMessenger/8.0.49.2600(0x2800313D) WeChat/arm64 Weixin NetType/WIFI Language/zh_CN ABI/arm64",
                Device::Wechat,
            ),
            (
                "Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.50(0x18003237) NetType/WIFI Language/zh_CN",
                Device::Wechat,
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
                Device::Phone,
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36",
                Device::Phone,
            ),
            (
                "Mozilla/5.0 (Phone; OpenHarmony 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 Safari/537.36 ArkWeb/4.1.6.1 Mobile HuaweiBrowser/5.0.4.300",
                Device::Phone,
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/107.0.0.0 Safari/537.36 MicroMessenger/7.0.20.1781(0x6700143B) NetType/WIFI MiniProgramEnv/Windows WindowsWechat/WMPF",
                Device::Screen,
            ),
            (
                "Mozilla/5.0 (Linux; Android 13; SM-X700) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
                Device::Screen,
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
                Device::Screen,
            ),
            ("", Device::Screen),
        ] {
            assert_eq!(device(agent), expected, "{agent}");
        }
    }

    #[test]
    fn real_browsers_are_known_by_name_and_system() {
        for (agent, name, system) in [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
                "Chrome",
                "Windows",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0",
                "Edge",
                "Windows",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15",
                "Safari",
                "macOS",
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Firefox",
                "Linux",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.54(0x18003622) NetType/WIFI Language/zh_CN",
                "WeChat",
                "iOS",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/123.0.0.0 Safari/537.36 QQBrowser/13.5.6267.400",
                "QQ Browser",
                "Windows",
            ),
            (
                "Mozilla/5.0 (Linux; U; Android 13; zh-CN; M2102K1C) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/100.0.4896.58 UCBrowser/16.4.6.1284 Mobile Safari/537.36",
                "UC Browser",
                "Android",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/86.0.4240.198 Safari/537.36 360SE/13.1",
                "360 Browser",
                "Windows",
            ),
            (
                "Mozilla/5.0 (Phone; OpenHarmony 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 Safari/537.36 ArkWeb/4.1.6.1 Mobile HuaweiBrowser/5.0.4.300",
                "Huawei Browser",
                "HarmonyOS",
            ),
            ("", "?", "?"),
            ("curl/8.5.0", "?", "?"),
        ] {
            let (found_name, found_system) = describe(agent);
            if name == "?" && found_name != "?" {
                continue; // A tool that woothee names is fine, too.
            }
            assert_eq!(
                (found_name.as_str(), found_system.as_str()),
                (name, system),
                "{agent}"
            );
        }
    }
}
