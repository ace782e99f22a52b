//! An attack on the next container: what is written into a shared root stays there.

use std::fs;
use std::path::Path;

use process::Step;

use crate::attack::cell::Finding;
use crate::attack::places::IMAGE;
use crate::attack::target::Attack;

/// What the attacker leaves.
const FILE: &str = "/spoiled";

pub const ATTACK: Attack = Attack {
    name: "image",
    title: "spoil the image",
    tries: "write a file into the root: the next container of the same image would find it.",
    why: "the image is a read-only layer, and all that is written goes to a layer of this \
          container's own.",
    reference: "Documentation/filesystems/overlayfs.rst of the kernel",
    stopped_by: 7,
    run: |target| {
        if target.chapter.number < 1 {
            return Ok(Finding::NotApplicable("there is no image before chapter 1".to_owned()));
        }
        let said = target.attack::<&str>(&[], &[])?;
        let file = Path::new(IMAGE).join(&FILE[1..]);
        let is_spoiled = file.exists();
        if is_spoiled {
            fs::remove_file(&file).step(|| format!("remove {}", file.display()))?;
        }
        Ok(said.judged(is_spoiled, "the file is in the image"))
    },
    inside: |_| {
        fs::write(FILE, "for whoever comes next").step(|| format!("write {FILE}"))?;
        Ok("written".to_owned())
    },
};
