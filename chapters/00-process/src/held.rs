//! The child's side, from the clone to the exec: it builds its world, and is held.

use std::io::{stderr, stdin, stdout};
use std::os::fd::{AsFd, OwnedFd};

use nix::sys::prctl;
use nix::sys::stat::{Mode, umask};

use crate::exec::exec;
use crate::gate::ChildGate;
use crate::{Command, Lifetime, Result, Stdio, Step, Terminal, User, reset_signals, sys};

/// What happens on the way to exec, in this order.
#[derive(Clone, Copy, Debug)]
pub struct Steps<P, C, U> {
    /// In the runtime, when the process exists. What it returns is handed over: the
    /// descriptors of things that can only be made then, and not by the process itself.
    pub parent: P,
    /// In the new process, which is held afterwards.
    pub child: C,
    /// In the new process when it is started, as the very last step. Here it gives up
    /// what it needed until now; at some point of that, it has to call
    /// [`User::become_it`]. All descriptors above 2 are closed by then.
    pub become_user: U,
}

/// Becomes the command. There is no way back.
pub(crate) fn become_command<C, U>(
    mut gate: ChildGate,
    lifetime: Lifetime<'_>,
    stdio: &Stdio,
    terminal: Option<&Terminal>,
    command: &Command,
    steps: Steps<(), C, U>,
) -> !
where
    C: FnOnce(Vec<OwnedFd>) -> Result<()>,
    U: FnOnce(&User) -> Result<()>,
{
    let Steps { child, become_user, .. } = steps;
    // ANCHOR: child
    let built = prepare(&gate, lifetime, stdio).and_then(child).and_then(|()| match lifetime {
        Lifetime::WithRuntime => gate.hold(),
        Lifetime::OnItsOwn(door) => gate.hold_at(door),
    });
    // All else that the runtime or its caller had open ends here. A directory of the host
    // is enough to walk out of any root, be it the command that does, or a path of the
    // image that says /proc/self/fd/3: CVE-2024-21626.
    let become_user = |user: &User| {
        gate.wait_no_more()?;
        become_user(user)?;
        // While the user changed, nobody would have told us of the runtime's death.
        gate.expect_open()
    };
    sys::keep_only(&[stdin().as_fd(), stdout().as_fd(), stderr().as_fd(), gate.as_fd()], |closed| {
        let alone = built.and_then(|()| closed.step(|| "close all descriptors above 2"));
        let Err(error) = alone.and_then(|()| exec(command, terminal, become_user));
        gate.fail(&error);
        error.exit_code().into()
    })
    // ANCHOR_END: child
}

// ANCHOR: prepare
fn prepare(gate: &ChildGate, lifetime: Lifetime<'_>, stdio: &Stdio) -> Result<Vec<OwnedFd>> {
    let _ = prctl::set_name(c"lab:held");
    // If the runtime died before this call, the gate below is closed already.
    lifetime.begin()?;
    reset_signals()?;
    stdio.take()?;
    // Whatever the caller's is: files are for all to read and for their owner to write.
    umask(Mode::from_bits_truncate(0o022));
    gate.wait_for_begin()
}
// ANCHOR_END: prepare
