//! What the checks have in common: who we are, and on what.

use std::fs;
use std::path::{Path, PathBuf};

use nix::unistd::{User, geteuid};
use process::search_path;

use super::distribution::Distribution;

/// Where programs for the administrator are, which not every user's PATH has.
const ADMINISTRATORS: [&str; 3] = ["/usr/sbin", "/sbin", "/usr/local/sbin"];

/// This host and its user.
pub struct Host {
    /// Whose package manager to name.
    pub distribution: Distribution,
    /// Whether our effective user id is 0, in whichever user namespace.
    pub is_root: bool,
    /// The user's name, or its number if it has no name.
    pub user: String,
    /// Whether ids are the host's own, as in no user namespace that somebody has made.
    pub has_hosts_ids: bool,
    /// What says that we are inside of a container.
    pub container: Option<String>,
}

impl Host {
    /// Finds out.
    pub fn this() -> Self {
        let uid = geteuid();
        let user = User::from_uid(uid).ok().flatten().map(|user| user.name);
        Self {
            distribution: Distribution::this(),
            is_root: uid.is_root(),
            user: user.unwrap_or_else(|| format!("uid {uid}")),
            has_hosts_ids: process::has_hosts_ids() == Ok(true),
            container: container(),
        }
    }

    /// Commands for the administrator, as this user has to type them.
    pub fn as_root(&self, command: &str) -> String {
        if self.is_root {
            command.to_owned()
        } else {
            format!("sudo {}", command.replace(" && ", " && sudo "))
        }
    }
}

/// What tells that we are inside of a container, by the marks that runtimes leave.
fn container() -> Option<String> {
    let mark = ["/.dockerenv", "/run/.containerenv"].into_iter().find(|it| Path::new(it).exists());
    // systemd writes down what `container=` it was started with.
    let named = read("/run/systemd/container").map(|name| name.trim().to_owned());
    mark.map(|mark| format!("{mark} is there")).or(named)
}

/// A file of the kernel's or of the distribution's; `None` if it cannot be read.
pub fn read(path: impl AsRef<Path>) -> Option<String> {
    fs::read_to_string(path).ok()
}

/// A file that holds one number, as most in /proc/sys do.
pub fn number(path: impl AsRef<Path>) -> Option<u64> {
    read(path)?.trim().parse().ok()
}

/// Where a program is.
pub enum Program {
    /// In a directory of PATH, where `lab` finds it too.
    InPath(PathBuf),
    /// In a directory for administrators that PATH lacks.
    Elsewhere(PathBuf),
    /// Nowhere.
    Absent,
}

/// Looks for a program.
pub fn find(name: &str) -> Program {
    match search_path::find(name) {
        Some(path) => Program::InPath(path),
        None => {
            search_path::find_in(ADMINISTRATORS, name).map_or(Program::Absent, Program::Elsewhere)
        }
    }
}
