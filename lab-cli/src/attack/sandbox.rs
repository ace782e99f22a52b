//! The host that is attacked: a small one, in namespaces that end with it.
//!
//! Its root is a tmpfs. The things of the real host that a runtime needs are bound into it,
//! read-only where they can be:
//!
//! ```text
//!   /lab                    this program
//!   /image                  a root for the containers: this program and its libraries
//!   /canary                 a secret; whoever can tell it was here
//!   /usr /bin /lib /etc …   the real host's, read-only, as for nft
//!   /dev /sys               the real host's, with its cgroups: there is no other memory
//!   <state directory>       the real host's, so that `lab clean` knows what a kill leaves
//! ```
//!
//! Everything in here ends with its PID 1, and that ends with `lab`: even `kill -9` leaves
//! a cgroup at worst, which is recorded like any container's.

use std::fs;
use std::os::fd::AsFd;
use std::os::unix::fs::symlink;
use std::path::Path;

use mount_ns::{Root, Target as Place, bind_from, make_all_read_only};
use nix::fcntl::AT_FDCWD;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, sethostname, setsid};
use process::{Error, Result, Step};

use super::cell::{Cell, Finding};
use super::places::{CANARY, IMAGE, LAB, MNT};
use super::target::{Attack, Target};
use crate::chapters::Chapter;
use crate::child::Tell;
use crate::rootfs;

/// What the sandbox has of its own. Not the cgroups: a limit needs the real ones.
const FLAGS: CloneFlags = CloneFlags::CLONE_NEWNS
    .union(CloneFlags::CLONE_NEWPID)
    .union(CloneFlags::CLONE_NEWNET)
    .union(CloneFlags::CLONE_NEWUTS)
    .union(CloneFlags::CLONE_NEWIPC);

/// What is bound from the real host, where it is there, and not to be written.
const READ_ONLY: [&str; 10] =
    ["usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32", "etc", "nix", "gnu"];

/// Where the sandbox may be mounted before it becomes the root.
const PLACES: [&str; 5] = ["/mnt", "/media", "/srv", "/opt", "/tmp"];

/// In a child: plays the host for these attacks, and says what was seen of each.
pub fn run(attacks: &[&Attack], chapters: &[&'static Chapter], state: &Path, tell: &Tell) {
    if let Err(error) = enter(|| play_host(attacks, chapters, state, tell)) {
        let _ = say(tell, &Err(error.to_string()));
    }
}

/// Makes the namespaces, and runs `host` as PID 1 of them.
fn enter(host: impl FnOnce() -> Result<()>) -> Result<()> {
    unshare(FLAGS).step(|| "make the sandbox's namespaces")?;
    match process::fork("fork the sandbox host")? {
        ForkResult::Parent { child } => waitpid(child, None).map(drop).step(|| "wait for the host"),
        ForkResult::Child => {
            prctl::set_pdeathsig(Signal::SIGKILL).step(|| "ask for a parent-death signal")?;
            // No attacker shall share the caller's terminal.
            setsid().step(|| "make a session")?;
            host()
        }
    }
}

/// PID 1 of the sandbox: furnishes it, and goes through the table.
fn play_host(
    attacks: &[&Attack],
    chapters: &[&'static Chapter],
    state: &Path,
    tell: &Tell,
) -> Result<()> {
    let secret = fs::read_to_string("/proc/sys/kernel/random/uuid").step(|| "read a random id")?;
    let secret = secret.trim();
    furnish(state, secret)?;
    net_ns::set_up_loopback()?;
    security::join_new_session_keyring()?;
    for &attack in attacks {
        for &chapter in chapters {
            let target = Target { attack, chapter, secret };
            let finding = (attack.run)(&target)
                .unwrap_or_else(|error| Finding::NotApplicable(error.to_string()));
            tidy_up()?;
            let cell = Cell {
                attack: attack.name.to_owned(),
                title: attack.title.to_owned(),
                chapter: chapter.short_name().to_owned(),
                result: finding.result().to_owned(),
                why: finding.why().to_owned(),
                reference: attack.reference.to_owned(),
            };
            say(tell, &Ok(cell))?;
        }
    }
    Ok(())
}

fn say(tell: &Tell, cell: &std::result::Result<Cell, String>) -> Result<()> {
    tell.say(cell).step(|| "tell what was seen")
}

/// Puts up the root, and makes it the root.
fn furnish(state: &Path, secret: &str) -> Result<()> {
    mount_ns::isolate()?;
    // The mount is in our table only; it must not cover what is taken from the host.
    let is_free = |dir: &&Path| dir.is_dir() && !state.starts_with(dir);
    let new = PLACES.iter().map(Path::new).find(is_free);
    let new = new.ok_or_else(|| Error::new("find a directory to mount the sandbox on"))?;
    mount(Some("lab-sandbox"), new, Some("tmpfs"), MsFlags::empty(), Some("mode=755"))
        .step(|| "mount the sandbox's tmpfs")?;
    let root = Root::open(new)?;
    for path in [Path::new("/dev"), Path::new("/sys"), state] {
        root.place(bind_from(AT_FDCWD, path)?.as_fd(), path, Place::Directory)?;
    }
    for name in READ_ONLY {
        let path = Path::new("/").join(name);
        if path.is_symlink() {
            let target = path.read_link().step(|| format!("read {}", path.display()))?;
            symlink(target, new.join(name)).step(|| format!("link {}", path.display()))?;
        } else if path.is_dir() {
            let tree = bind_from(AT_FDCWD, &path)?;
            make_all_read_only(tree.as_fd())
                .step(|| format!("make {} read-only", path.display()))?;
            root.place(tree.as_fd(), &path, Place::Directory)?;
        }
    }
    let lab = new.join(&LAB[1..]);
    fs::copy("/proc/self/exe", &lab).step(|| format!("copy the program to {}", lab.display()))?;
    for name in ["proc", "tmp", "run", "mnt", "root", "var/tmp", "vol"] {
        make_directory(&new.join(name))?;
    }

    // Before the real one is out of reach, as the root of a user namespace may mount a /proc
    // only while it sees another: mount_namespaces(7).
    root.mount("proc", "/proc", MsFlags::empty(), "")?;
    // Opened anew: the lookup of `pivot` starts at the root it is going to be.
    mount_ns::pivot(&Root::open(new)?)?;

    rootfs::with_one_program(LAB.as_ref())?.write(IMAGE.as_ref())?;
    fs::write(CANARY, secret).step(|| format!("write {CANARY}"))
}

fn make_directory(path: &Path) -> Result<()> {
    fs::create_dir_all(path).step(|| format!("create {}", path.display()))
}

/// Undoes what an attack may have done to the sandbox, for the next one to find it whole.
fn tidy_up() -> Result<()> {
    sethostname("sandbox").step(|| "set the sandbox's host name")?;
    // The last mounted come last, and may lie on others.
    let points = mount_ns::mount_table()?.into_iter().rev().map(|mount| mount.target);
    let is_left = |point: &Path| {
        point != Path::new("/image") && point.starts_with("/image") || point == Path::new(MNT)
    };
    for point in points.filter(|point| is_left(point)) {
        umount2(&point, MntFlags::MNT_DETACH).step(|| format!("unmount {}", point.display()))?;
    }
    Ok(())
}
