//! A link in the image that misguides the runtime.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use process::{Error, Step};

use crate::attack::cell::Finding;
use crate::attack::places::IMAGE;
use crate::attack::target::Attack;

/// Where the volume is wanted: by way of the link.
const PLACE: &str = "/link/made";

pub const ATTACK: Attack = Attack {
    name: "symlink",
    title: "misguide a volume with a link",
    tries: "have a symbolic link in the image that leads out of it, and wait for somebody \
            to mount a volume below it: `-v /vol:/link/made`.",
    why: "the runtime, which is the host's root, makes the mount point. It looks the path up \
          with the image as the root, so that an absolute link stays inside.",
    reference: "openat2(2): RESOLVE_IN_ROOT, CVE-2021-30465",
    stopped_by: 3,
    run: |target| {
        if target.chapter.number < 3 {
            return Ok(Finding::NotApplicable("there are no volumes before chapter 3".into()));
        }
        let (link, victim) = (Path::new(IMAGE).join("link"), Path::new("/victim"));
        // The same name inside, for the link to lead somewhere in any case.
        let inside = Path::new(IMAGE).join("victim");
        for dir in [victim, &inside] {
            fs::create_dir(dir).step(|| format!("create {}", dir.display()))?;
        }
        symlink("/../../../../victim", &link).step(|| "link /image/link")?;
        let said = target.attack::<&str>(&["-v", &format!("/vol:{PLACE}")], &[]);
        let is_made = victim.join("made").exists();
        fs::remove_file(&link).step(|| "remove /image/link")?;
        fs::remove_dir_all(victim).step(|| "remove /victim")?;
        fs::remove_dir_all(&inside).step(|| "remove /image/victim")?;
        match said {
            Ok(said) => Ok(said.judged(is_made, "a directory was made on the host")),
            Err(_) if is_made => Ok(Finding::Works("a directory was made on the host".into())),
            Err(error) if error.to_string().contains(PLACE) => {
                Ok(Finding::Blocked(format!("the runtime refuses the volume: {error}")))
            }
            Err(error) => Err(error),
        }
    },
    inside: |_| {
        if Path::new("/victim/made").is_dir() {
            Err(Error::new("the link led to a directory of the image"))
        } else {
            Err(Error::new("the link led nowhere"))
        }
    },
};
