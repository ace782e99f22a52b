//! Overlays, really mounted: as root, without root, and on which file system.
//!
//! An overlay needs directories that exist, and whether the kernel takes them depends
//! on their file system. So they are made where a container's would be: in a record
//! directory under the state directory, where `lab clean` finds them should we be
//! killed right now. The mount itself is in the child's mount namespace only.

use std::ffi::{OsStr, OsString};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::sys::statfs::{NFS_SUPER_MAGIC, statfs};
use overlay::Upper;
use process::{CloneFlags, Error, Result, State, Step, record};

use super::check::{Check, from};
use super::host::Host;
use super::modules::{self, Modules};
use super::restrictions;
use super::trial::{Refusal, attempt, enter_user_namespace, isolate};

/// What holds the directories; chapter 7 sweeps what is called so.
const DIRECTORY: &str = "overlay";

/// The state directory, and the two overlays.
pub fn checks(host: &Host) -> Vec<Check> {
    let site = Site::make();
    let place = record::directory();
    let record = match &site {
        Ok(_) if is_on_nfs(&place) => {
            let seen = format!(
                "{} is on NFS, where no directory is locked and no overlay has its upper layer",
                place.display()
            );
            Check::missing("state directory", seen).fix(NEW).required()
        }
        Ok(_) => Check::works("state directory", format!("{}: can be written", place.display())),
        Err(error) => Check::missing("state directory", error.to_string()).fix(NEW).required(),
    };
    let dir = site.as_ref().ok().map(|site| site.dir.as_path());
    vec![record, direct(host, dir), rootless(host, dir)]
}

/// A directory that is surely on a disk of this host, or in its memory.
const NEW: &str = "export LAB_STATE_DIR=$(mktemp -d)";

fn is_on_nfs(dir: &Path) -> bool {
    statfs(dir).is_ok_and(|found| found.filesystem_type() == NFS_SUPER_MAGIC)
}

fn direct(host: &Host, dir: Option<&Path>) -> Check {
    tried(host, "overlay", dir, Way::AsUser).chapters(from(7)).required()
}

/// As an ordinary user has it, whoever we are: in a user namespace, with extended
/// attributes of the kind `user.` instead of `trusted.`, which only root can write.
fn rootless(host: &Host, dir: Option<&Path>) -> Check {
    // Chapter 7's own is then the same as this one, and decides.
    let chapters = if host.is_root { from(8) } else { from(7) };
    tried(host, "rootless overlay", dir, Way::Rootless).chapters(chapters)
}

/// On the file system of the state directory; else in memory, as a container's writable
/// layer then is.
fn tried(host: &Host, name: &'static str, dir: Option<&Path>, way: Way) -> Check {
    if let Some(check) = unloaded(host, name) {
        return check;
    }
    let on_disk = match dir {
        Some(dir) => attempt(|| try_in(dir, way)),
        None => Err(Error::new("no state directory").into()),
    };
    let limited = |seen| Check::limited(name, seen).fix(ELSEWHERE);
    let in_memory = |seen, refusal: Refusal| {
        limited(format!("in memory only{seen}; on the state directory: {}", refusal.text))
    };
    match on_disk {
        Ok(seen) => Check::works(name, seen),
        Err(refusal) if lacks_attributes(&refusal) => limited(format!("mounted, {NO_ATTRIBUTES}")),
        Err(on_disk) => match attempt(|| try_on_tmpfs(way)) {
            Ok(_) => in_memory(String::new(), on_disk),
            Err(refusal) if lacks_attributes(&refusal) => {
                in_memory(format!(", {NO_ATTRIBUTES}"), on_disk)
            }
            Err(refusal) => {
                Check::missing(name, refusal.text.clone()).fix(restrictions::fix_of(host, &refusal))
            }
        },
    }
}

/// The file systems that every overlay can be on.
const ELSEWHERE: &str = "export LAB_STATE_DIR=DIR # on ext4, xfs or btrfs";

/// A tmpfs has no attributes of the kind `user.` before Linux 6.6.
const NO_ATTRIBUTES: &str = "but no directory of the image can be replaced by a new one, as \
                             there are no user.* attributes";

/// Whether that is what is wrong: the answer of an overlay that would have to set one.
fn lacks_attributes(refusal: &Refusal) -> bool {
    refusal.errno() == Some(Errno::EIO)
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
}

/// In a child: the file system of the state directory.
fn try_in(dir: &Path, way: Way) -> Result<String> {
    // Asked for now: root of a user namespace, as which it goes on, would have another one.
    let place = record::directory();
    way.enter()?;
    try_overlay(dir, &options(dir)?)?;
    Ok(format!("mounted, layers in {}", place.display()))
}

/// In a child: a file system in memory, which takes every overlay that there can be.
fn try_on_tmpfs(way: Way) -> Result<String> {
    way.enter()?;
    let dir = Path::new("/proc"); //        there in any case, and covered for us only
    let options = options(dir)?; //         which looks into /proc
    mount(Some("tmpfs"), dir, Some("tmpfs"), MsFlags::empty(), None::<&str>)
        .step(|| "mount a tmpfs")?;
    make_directories(dir)?;
    try_overlay(dir, &options)?;
    Ok("mounted on a tmpfs".to_owned())
}

/// What chapter 7 would mount it with. Only that a volatile one could not be mounted
/// again, by the other way.
fn options(dir: &Path) -> Result<OsString> {
    ::overlay::mount_options(&[dir.join("lower")], dir, Upper::Kept)
}

/// Mounts one, and writes through it: some file systems refuse no sooner.
///
/// That a new directory has nothing to do with the one of the same name in the lower
/// layer is written down in an extended attribute.
fn try_overlay(dir: &Path, options: &OsStr) -> Result<()> {
    let merged = dir.join("merged");
    mount(Some("overlay"), &merged, Some("overlay"), MsFlags::empty(), Some(options))
        .step(|| "mount an overlay")?;
    let probe = merged.join("probe");
    fs::remove_dir(&probe).step(|| "remove a directory through the overlay")?;
    fs::create_dir(&probe).step(|| "replace a directory through the overlay")
}

fn make_directories(dir: &Path) -> Result<()> {
    ["lower", "upper", "work", "merged", "lower/probe"]
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
        let root = record::containers();
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
        // The kernel's own directory, with what is left of a replaced one, lets nobody in.
        let _ = fs::set_permissions(self.dir.join("work/work"), Permissions::from_mode(0o700));
        if let Some(state) = self.state.take() {
            let _ = (::overlay::KIND.sweep)(&state);
        }
        for dir in &self.new {
            let _ = fs::remove_dir(dir);
        }
    }
}
