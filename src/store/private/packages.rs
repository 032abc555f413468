//! Names of the packages that hold the PostgreSQL server, per system.

use std::fs;

/// A sentence that says how to install the server on this system.
pub(super) fn install_sentence() -> String {
    match System::current() {
        System::Debian => "Install it: sudo apt-get install postgresql (on Ubuntu 22.04 and older, \
             whose own version is too old, first the PostgreSQL project's repository: sudo apt-get \
             install postgresql-common && sudo /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh)."
            .to_owned(),
        System::Fedora => "Install it: sudo dnf install postgresql-server.".to_owned(),
        System::Alpine => "Install it: apk add postgresql16.".to_owned(),
        System::Arch => "Install it: sudo pacman -S postgresql.".to_owned(),
        System::Suse => "Install it: sudo zypper install postgresql-server.".to_owned(),
        System::MacOs => "Install it: brew install postgresql@16.".to_owned(),
        System::Other => "Install its server programs (the package is called postgresql on Debian \
             and Ubuntu, postgresql-server on Fedora, postgresql@16 in Homebrew)."
            .to_owned(),
    }
}

/// The package that holds the server of one major version on this system.
pub(super) fn package_of(major: u32) -> String {
    match System::current() {
        System::Debian => format!("package postgresql-{major}"),
        System::Fedora | System::Suse => format!("package postgresql{major}-server"),
        System::Alpine | System::Arch => format!("package postgresql{major}"),
        System::MacOs => format!("brew install postgresql@{major}"),
        System::Other => format!(
            "package postgresql-{major} on Debian and Ubuntu, postgresql{major}-server on Fedora, \
             postgresql@{major} in Homebrew"
        ),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum System {
    Debian,
    Fedora,
    Alpine,
    Arch,
    Suse,
    MacOs,
    Other,
}

impl System {
    fn current() -> Self {
        if cfg!(target_os = "macos") {
            return Self::MacOs;
        }
        fs::read_to_string("/etc/os-release").map_or(Self::Other, |text| Self::parse(&text))
    }

    /// Reads `ID` and `ID_LIKE` of an os-release file (its format: os-release(5)).
    fn parse(os_release: &str) -> Self {
        let value = |key: &str| {
            os_release
                .lines()
                .find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
                .map(|value| value.trim_matches(['"', '\'']))
        };
        [value("ID"), value("ID_LIKE")]
            .into_iter()
            .flatten()
            .flat_map(str::split_whitespace)
            .find_map(|id| match id {
                "debian" | "ubuntu" => Some(Self::Debian),
                "fedora" | "rhel" | "centos" => Some(Self::Fedora),
                "alpine" => Some(Self::Alpine),
                "arch" => Some(Self::Arch),
                "suse" | "opensuse" => Some(Self::Suse),
                _ => None,
            })
            .unwrap_or(Self::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::System;

    #[test]
    fn a_system_is_known_by_its_id_or_by_what_it_is_like() {
        for (text, system) in [
            (
                "PRETTY_NAME=\"Debian GNU/Linux 12\"\nID=debian\n",
                System::Debian,
            ),
            ("ID=ubuntu\nID_LIKE=debian\n", System::Debian),
            ("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", System::Debian),
            (
                "ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n",
                System::Fedora,
            ),
            (
                "ID=\"opensuse-leap\"\nID_LIKE=\"suse opensuse\"\n",
                System::Suse,
            ),
            ("ID=nixos\n", System::Other),
            ("", System::Other),
        ] {
            assert_eq!(System::parse(text), system, "{text}");
        }
    }
}
