//! The runtime: what is made for a container, in this order.

use mount_ns::Root;
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
        options.pid.split_off_init() // with --init, the command becomes PID 2
    };
    let process = Process::create(FLAGS, &command, parent, child)?;
    // It is held, one step before its command: nothing of the container has run yet.
    cgroup.join(process.pid())?;

    let parts: Vec<Box<dyn Part>> = vec![Box::new(cgroup)];
    Container::new("exercise", &command, process, parts, state)
}
