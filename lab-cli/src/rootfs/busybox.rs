//! A root made of one file: a static busybox is every program, by the name it is
//! called under.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};

use process::{Error, Result, Step};

use super::elf::Elf;
use super::plan::{LeftOut, Plan};
use super::skeleton;
use super::tree::{Entry, Tree, relative};

/// Where distributions put one.
const PLACES: [&str; 5] = [
    "/usr/bin/busybox",
    "/bin/busybox",
    "/usr/sbin/busybox",
    "/bin/busybox.static",
    "/usr/bin/busybox-static",
];

/// Where it is in our root.
const HOME: &str = "bin/busybox";

/// What is no program for a lab: in the first chapters, where the host's processes are in
/// reach, these would stop the machine.
const TOO_MUCH: [&str; 4] = ["halt", "init", "poweroff", "reboot"];

/// The host's busybox, if it is one that starts in an empty root.
pub fn find() -> Option<PathBuf> {
    let is_static = |path: &Path| Elf::read(path).ok().flatten().is_some_and(|elf| elf.is_static());
    PLACES.iter().map(PathBuf::from).find(|path| is_static(path))
}

/// Plans a root of the host's busybox.
///
/// # Errors
/// If there is none that is static, or it cannot say what it can do.
pub fn plan() -> Result<Plan> {
    let busybox = find().ok_or_else(|| {
        Error::new("this host has no static busybox")
            .with_hint("Debian's package is busybox-static; without one, host tools serve as well")
    })?;
    let mut tree = Tree::default();
    skeleton::add_to(&mut tree);
    tree.take_as(&busybox, HOME).step(|| format!("look at {}", busybox.display()))?;
    let mut programs = BTreeSet::from(["busybox".to_owned()]);
    let mut left_out = Vec::new();
    for applet in applets(&busybox)? {
        let Some(name) = applet.file_name().map(|name| name.to_string_lossy()) else { continue };
        if TOO_MUCH.contains(&&*name) {
            let reason = "it could stop the host where a chapter does not isolate it".to_owned();
            left_out.push(LeftOut { program: name.into_owned(), reason });
            continue;
        }
        programs.insert(name.into_owned());
        if applet != Path::new(HOME) {
            let target = relative(&Path::new("/").join(&applet), &Path::new("/").join(HOME));
            tree.add(&applet, Entry::Link(target));
        }
    }
    let essential = ["bin", HOME, "bin/sh"].map(PathBuf::from).into();
    let programs = programs.into_iter().collect();
    Ok(Plan { tree, essential, programs, left_out })
}

/// The paths that it wants to be found under, relative to the root.
fn applets(busybox: &Path) -> Result<Vec<PathBuf>> {
    // One that was built without an installer knows its applets' names, not their places.
    for (option, directory) in [("--list-full", ""), ("--list", "bin")] {
        let output = Command::new(busybox)
            .arg(option)
            .stdin(Stdio::null())
            .output()
            .step(|| format!("run {} {option}", busybox.display()))?;
        let list = String::from_utf8_lossy(&output.stdout);
        let paths = list.lines().map(|line| Path::new(directory).join(line));
        // `linuxrc`, at the root's top, is for booting a machine.
        let is_program = |path: &PathBuf| {
            path.parent().is_some_and(|parent| !parent.as_os_str().is_empty())
                && path.components().all(|part| matches!(part, Component::Normal(_)))
        };
        let paths: Vec<_> = paths.filter(is_program).collect();
        if output.status.success() && paths.contains(&"bin/sh".into()) {
            return Ok(paths);
        }
    }
    Err(Error::new(format!("{} lists no shell among its applets", busybox.display()))
        .with_hint("LAB_ROOTFS_FROM=host takes the host's own tools instead"))
}
