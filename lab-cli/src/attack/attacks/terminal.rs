//! Keys pressed on the caller's terminal, by the container.

use std::fs::File;
use std::io::{Read, stdin};
use std::os::fd::{AsFd, BorrowedFd};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::pty::openpty;
use process::{Result, Step};

use crate::attack::cell::Finding;
use crate::attack::places::LAB;
use crate::attack::sys;
use crate::attack::target::{Attack, Target};

/// What the attacker types.
const COMMAND: &str = "conquer\n";

pub const ATTACK: Attack = Attack {
    name: "terminal",
    title: "type into the caller's terminal",
    tries: "push characters into the input of the terminal it was started from: the shell out \
            there reads them as if they had been typed.",
    why: "the kernel allows it on one's own terminal, which a container without one of its own \
          shares with its caller, and to the host's root on any. Chapter 9's filter forbids the \
          call. Since Linux 6.2 a setting, dev.tty.legacy_tiocsti, can as well.",
    reference: "ioctl_tty(2): TIOCSTI, CVE-2017-5226",
    stopped_by: 9,
    run: |target| {
        let terminal = openpty(None, None).step(|| "open a pseudo-terminal")?;
        let keyboard = File::from(terminal.slave);
        fcntl(&keyboard, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).step(|| "set up the terminal")?;
        sys::take_terminal(keyboard.as_fd()).step(|| "take the terminal")?;
        let finding = attack(target, &keyboard);
        sys::leave_terminal(keyboard.as_fd()).step(|| "leave the terminal")?;
        finding
    },
    inside: |_| push(stdin().as_fd()),
};

fn attack(target: &Target<'_>, keyboard: &File) -> Result<Finding> {
    if let Err(why) = push(keyboard.as_fd()) {
        return Ok(Finding::NotApplicable(format!("not even the host may: {why}")));
    }
    read(keyboard);
    let stdin = keyboard.try_clone().step(|| "share the terminal")?;
    let mut command = target.prepare::<&str>(LAB, &[], LAB, &[]);
    command.stdin(stdin);
    let said = target.wait(target.start(command)?)?;
    Ok(said.judged(read(keyboard) == COMMAND, "the host's shell would do as it says"))
}

fn push(terminal: BorrowedFd<'_>) -> Result<String> {
    for byte in COMMAND.bytes() {
        sys::push_input(terminal, byte).step(|| "push a character into the terminal")?;
    }
    Ok("typed".to_owned())
}

/// What has been typed, as far as it is there.
fn read(mut keyboard: &File) -> String {
    let mut line = [0; 64];
    let length = keyboard.read(&mut line).unwrap_or(0);
    String::from_utf8_lossy(&line[..length]).into_owned()
}
