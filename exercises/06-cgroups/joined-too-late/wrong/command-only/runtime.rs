//! Puts the command in, and leaves init outside: what becomes an orphan is limited, and
//! init itself is not.

use mount_ns::Root;
use nix::unistd::Pid;
use process::{CloneFlags, Container, Part, Process, Result, State};

use crate::Options;
use crate::cgroup::Cgroup;

const FLAGS: CloneFlags = CloneFlags::CLONE_NEWPID.union(CloneFlags::CLONE_NEWNS);

/// Makes the container, ready to start.
pub fn create(options: &Options) -> Result<Container> {
    let command = options.command.resolve()?;
    let rootfs = options.root.resolve()?;
    let state = State::create()?;
    let cgroup = Cgroup::create("pids", state.id())?;
    if let Some(limit) = options.pids_limit {
        cgroup.write("pids.max", limit)?;
    }

    let parent = |_| Ok(());
    let child = || {
        mount_ns::isolate()?;
        let root = Root::bind(&rootfs)?;
        mount_ns::mount_filesystems(&root)?;
        mount_ns::pivot(&root)?;
        options.pid.split_off_init()
    };
    let process = Process::create(FLAGS, &command, parent, child)?;
    let children = format!("/proc/{0}/task/{0}/children", process.pid());
    let children = std::fs::read_to_string(children).unwrap_or_default();
    if children.is_empty() {
        cgroup.join(process.pid())?;
    }
    for child in children.split_whitespace().filter_map(|child| child.parse().ok()) {
        cgroup.join(Pid::from_raw(child))?;
    }

    let parts: Vec<Box<dyn Part>> = vec![Box::new(cgroup)];
    Container::new("exercise", &command, process, parts, state)
}
