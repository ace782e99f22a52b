//! Which distribution this is, and how it calls what we need: os-release(5).
//!
//! `ID` names the distribution, `ID_LIKE` the ones it is made from, closest first. So
//! one that we have never heard of is served as its parents are.

use std::fs;

/// A family of distributions, by its package manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manager {
    Apt,
    Dnf,
    Pacman,
    Apk,
    Zypper,
}

/// Something that can be installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Package {
    /// The distribution's current kernel.
    Kernel,
    /// `nft`.
    Nftables,
    /// `newuidmap` and `newgidmap`.
    Uidmap,
    /// `pasta`.
    Passt,
    /// A static busybox.
    Busybox,
    /// A shell, and the tools that go with it.
    Coreutils,
}

/// The distribution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distribution {
    /// Its name and version for people, `Debian GNU/Linux 12 (bookworm)`.
    pub name: String,
    manager: Option<Manager>,
    is_ubuntu: bool,
}

impl Distribution {
    /// The one we run on, or the one of the container that we are in.
    pub fn this() -> Self {
        let places = ["/etc/os-release", "/usr/lib/os-release"];
        let text = places.into_iter().find_map(|path| fs::read_to_string(path).ok());
        Self::parse(&text.unwrap_or_default())
    }

    fn parse(text: &str) -> Self {
        let field = |name: &str| {
            let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
            value.map(|value| value.trim().trim_matches(['"', '\'']).to_owned())
        };
        let id = field("ID").unwrap_or_default();
        let like = field("ID_LIKE").unwrap_or_default();
        Self {
            name: field("PRETTY_NAME").unwrap_or_else(|| "unknown distribution".to_owned()),
            manager: [id.as_str()].into_iter().chain(like.split_whitespace()).find_map(manager_of),
            is_ubuntu: id == "ubuntu",
        }
    }

    /// The command that installs a package, without `sudo`.
    pub fn install(&self, package: Package) -> String {
        let Some(manager) = self.manager else {
            return format!("install {}", self.name_of(package, Manager::Dnf));
        };
        let verb = match manager {
            Manager::Apt => "apt-get install",
            Manager::Dnf => "dnf install",
            Manager::Pacman => "pacman -S",
            Manager::Apk => "apk add",
            Manager::Zypper => "zypper install",
        };
        format!("{verb} {}", self.name_of(package, manager))
    }

    #[rustfmt::skip]
    fn name_of(&self, package: Package, manager: Manager) -> &'static str {
        use Manager::{Apk, Apt, Dnf, Pacman, Zypper};
        match (package, manager) {
            (Package::Nftables, _) => "nftables",
            (Package::Passt, _) => "passt",
            (Package::Coreutils, Apk) => "busybox",
            (Package::Coreutils, Apt) => "dash coreutils",
            (Package::Coreutils, _) => "bash coreutils",
            (Package::Kernel, Apt) if self.is_ubuntu => "linux-image-generic",
            (Package::Kernel, Apt) => match std::env::consts::ARCH {
                "aarch64" => "linux-image-arm64",
                _ => "linux-image-amd64",
            },
            (Package::Kernel, Dnf) => "kernel",
            (Package::Kernel, Pacman) => "linux",
            (Package::Kernel, Apk) => "linux-lts",
            (Package::Kernel, Zypper) => "kernel-default",
            (Package::Uidmap, Apt) => "uidmap",
            (Package::Uidmap, Dnf) => "shadow-utils",
            (Package::Uidmap, Apk) => "shadow-uidmap",
            (Package::Uidmap, Pacman | Zypper) => "shadow",
            (Package::Busybox, Apt | Apk | Zypper) => "busybox-static",
            (Package::Busybox, Dnf | Pacman) => "busybox",
        }
    }
}

fn manager_of(id: &str) -> Option<Manager> {
    match id {
        "debian" | "ubuntu" | "raspbian" => Some(Manager::Apt),
        "fedora" | "rhel" | "centos" => Some(Manager::Dnf),
        "arch" | "archarm" => Some(Manager::Pacman),
        "alpine" => Some(Manager::Apk),
        "suse" | "opensuse" | "opensuse-leap" | "opensuse-tumbleweed" => Some(Manager::Zypper),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distribution_is_served_as_those_it_is_made_from() {
        let mint = "NAME=\"Linux Mint\"\nID=linuxmint\nID_LIKE=\"ubuntu debian\"\n";
        let rocky = "ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n";
        let install = |text| Distribution::parse(text).install(Package::Uidmap);
        assert_eq!(install(mint), "apt-get install uidmap");
        assert_eq!(install(rocky), "dnf install shadow-utils");
        assert_eq!(install("ID=alpine"), "apk add shadow-uidmap");
        assert_eq!(install("ID=arch\n"), "pacman -S shadow");
        assert_eq!(install("ID='opensuse-leap'\nID_LIKE='suse'"), "zypper install shadow");
        assert_eq!(install("ID=haiku"), "install shadow-utils");
    }
}
