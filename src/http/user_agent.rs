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

#[cfg(test)]
mod tests {
    use super::*;

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
