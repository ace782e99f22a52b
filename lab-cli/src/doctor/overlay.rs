//! Overlays, really mounted: as root, without root, and on which file system.
//!
//! An overlay needs directories that exist, and whether the kernel takes them depends
//! on their file system. So they are made where a container's would be: in a record
//! directory under the state directory, where `lab clean` finds them should we be
//! killed right now. The mount itself is in the child's mount namespace only.

use std::fs;
use std::path::{Path, PathBuf};

use nix::mount::{MsFlags, mount};
use process::{CloneFlags, Result, State, Step, state};

use super::host::Host;
use super::modules::{self, Modules};
use super::trial::{Refusal, attempt, enter_user_namespace, isolate};
use super::{Check, from, restrictions};

/// What holds the directories; chapter 7 sweeps what is called so.
const DIRECTORY: &str = "overlay";

/// The state directory, and the two overlays.
pub fn checks(host: &Host) -> Vec<Check> {
    let site = Site::make();
    let place = state::directory();
    let record = match &site {
        Ok(_) => Check::works("state directory", format!("{}: can be written", place.display())),
        Err(error) => Check::missing("state directory", error.to_string())
            .fix("export LAB_STATE_DIR=$(mktemp -d)")
            .required(),
    };
    let dir = site.as_ref().ok().map(|site| site.dir.as_path());
    vec![record, direct(host, dir), rootless(host, dir)]
}

fn direct(host: &Host, dir: Option<&Path>) -> Check {
    let name = "overlay";
    if let Some(check) = unloaded(host, name) {
        return check.chapters(from(7)).required();
    }
    let on_disk = dir.map(|dir| attempt(|| try_in(dir, Way::AsUser)));
    let check = match on_disk {
        Some(Ok(seen)) => Check::works(name, seen),
        failed => match attempt(|| try_on_tmpfs(Way::AsUser)) {
            Ok(_) => {
                let why = failed.and_then(Result::err).map(|refusal| refusal.text);
                let why = why.unwrap_or_else(|| "no state directory".to_owned());
                let seen = format!("in memory only, as tmpfs; on the state directory: {why}");
                Check::limited(name, seen).fix("export LAB_STATE_DIR=DIR # on ext4, xfs or btrfs")
            }
            Err(refusal) => refused(host, name, &refusal),
        },
    };
    check.chapters(from(7)).required()
}

/// As an ordinary user has it, whoever we are: in a user namespace, with extended
/// attributes of the kind `user.` instead of `trusted.`, which only root can write.
fn rootless(host: &Host, dir: Option<&Path>) -> Check {
    let name = "rootless overlay";
    // Chapter 7's own is then the same as this one, and decides.
    let chapters = if host.is_root { from(8) } else { from(7) };
    if let Some(check) = unloaded(host, name) {
        return check.chapters(chapters);
    }
    let check = match dir.map(|dir| attempt(|| try_in(dir, Way::Rootless))) {
        Some(Ok(seen)) => Check::works(name, seen),
        Some(Err(refusal)) => match attempt(|| try_on_tmpfs(Way::Rootless)) {
            Ok(_) => Check::limited(name, format!("in memory only; else {}", refusal.text))
                .fix("export LAB_STATE_DIR=DIR # on ext4, xfs or btrfs"),
            Err(refusal) => refused(host, name, &refusal),
        },
        None => Check::missing(name, "no state directory to try it in")
            .fix("export LAB_STATE_DIR=$(mktemp -d)"),
    };
    check.chapters(chapters)
}

fn refused(host: &Host, name: &'static str, refusal: &Refusal) -> Check {
    Check::missing(name, refusal.text.clone()).fix(restrictions::fix_of(host, refusal))
}

/// What can be said without loading the module.
fn unloaded(host: &Host, name: &'static str) -> Option<Check> {
    match modules::look(&["overlay"]) {
        Modules::Ready => None,
        Modules::AtFirstUse(module) => {
            let seen = format!("not tried: the module {module} is loaded at first use");
            Some(Check::works(name, seen))
        }
        Modules::LockedOut(module) => {
            let seen = format!("the module {module} is not loaded, and loading is locked");
            Some(Check::missing(name, seen).fix(host.as_root("reboot")))
        }
    }
}

/// Who mounts it.
#[derive(Clone, Copy)]
enum Way {
    /// This user, as `lab run` would.
    AsUser,
    /// The root of a user namespace.
    Rootless,
}

impl Way {
    fn enter(self) -> Result<()> {
        match self {
            Self::AsUser => isolate(CloneFlags::CLONE_NEWNS)?,
            Self::Rootless => {
                enter_user_namespace()?;
                nix::sched::unshare(CloneFlags::CLONE_NEWNS).step(|| "make a mount namespace")?;
            }
        }
        let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
        mount(None::<&str>, "/", None::<&str>, private, None::<&str>)
            .step(|| "make the mounts private")
    }

    fn needs_user_attributes(self) -> bool {
        matches!(self, Self::Rootless) || !nix::unistd::geteuid().is_root()
    }
}

/// In a child: the file system of the state directory.
fn try_in(dir: &Path, way: Way) -> Result<String> {
    way.enter()?;
    let kind = mount_overlay(dir, way.needs_user_attributes())?;
    Ok(format!("mounted{kind}, layers in {}", state::directory().display()))
}

/// In a child: a file system in memory, which takes every overlay that there can be.
fn try_on_tmpfs(way: Way) -> Result<String> {
    way.enter()?;
    let dir = Path::new("/proc"); //        there in any case, and covered for us only
    mount(Some("tmpfs"), dir, Some("tmpfs"), MsFlags::empty(), None::<&str>)
        .step(|| "mount a tmpfs")?;
    make_directories(dir)?;
    mount_overlay(dir, way.needs_user_attributes()).map(|_| "mounted on a tmpfs".to_owned())
}

/// Mounts one, and writes through it: some file systems refuse no sooner.
fn mount_overlay(dir: &Path, userxattr: bool) -> Result<&'static str> {
    std::env::set_current_dir(dir).step(|| format!("enter {}", dir.display()))?;
    let (more, kind) = match userxattr {
        true => (",userxattr", " with userxattr"),
        false => ("", ""),
    };
    let options = format!("lowerdir=lower,upperdir=upper,workdir=work{more}");
    let none = MsFlags::empty();
    mount(Some("overlay"), "merged", Some("overlay"), none, Some(options.as_str()))
        .step(|| "mount an overlay")?;
    let probe = Path::new("merged/probe");
    fs::create_dir(probe).step(|| "write through the overlay")?;
    fs::remove_dir(probe).step(|| "remove through the overlay")?;
    Ok(kind)
}

fn make_directories(dir: &Path) -> Result<()> {
    ["lower", "upper", "work", "merged"]
        .into_iter()
        .try_for_each(|name| fs::create_dir(dir.join(name)))
        .step(|| format!("make directories in {}", dir.display()))
}

/// The directories on the host, and what was made for them.
struct Site {
    state: Option<State>,
    dir: PathBuf,
    /// Parents of the state directory that were not there before, innermost first.
    new: Vec<PathBuf>,
}

impl Site {
    fn make() -> Result<Self> {
        let root = state::directory();
        let new = root.ancestors().take_while(|dir| !dir.exists() && !dir.as_os_str().is_empty());
        let new: Vec<PathBuf> = new.map(Path::to_owned).collect();
        let mut site = Self { state: None, dir: PathBuf::new(), new };
        // From here on a failure drops `site`, which removes what there is of it.
        let state = State::create()?;
        site.dir = state.dir().join(DIRECTORY);
        site.state = Some(state);
        fs::create_dir(&site.dir).step(|| format!("create {}", site.dir.display()))?;
        make_directories(&site.dir)?;
        Ok(site)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // The kernel's own directory, which its owner may remove but not look into.
        let _ = fs::remove_dir(self.dir.join("work/work"));
        if let Some(state) = self.state.take() {
            let _ = ::overlay::sweep(&state);
        }
        for dir in &self.new {
            let _ = fs::remove_dir(dir);
        }
    }
}
