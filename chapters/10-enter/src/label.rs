//! The label that AppArmor or SELinux has put on it, where a host has one of them.
//!
//! A label says what a process may do beside all else, and goes from parent to child: what
//! comes in would have ours, which is mostly that nothing is forbidden. It is chosen for the
//! next exec by a word written to /proc/self/attr/exec, proc_pid_attr(5), and that has to be
//! done while /proc is the host's.

use std::fs;

use nix::errno::Errno;
use process::{Result, Step, kernel_file};

use crate::Target;

/// What to write, where the label is not ours.
#[derive(Clone, Debug)]
pub struct Label(Option<Vec<u8>>);

impl Target {
    /// Reads its label.
    ///
    /// # Errors
    /// If it has ended, or its label cannot be had.
    pub fn label(&self) -> Result<Label> {
        let theirs = match self.read("attr/current") {
            // A host without such a module.
            Err(error) if matches!(error.errno(), Some(Errno::EINVAL | Errno::ENOENT)) => {
                return Ok(Label(None));
            }
            theirs => theirs?,
        };
        if kernel_file::read("/proc/self/attr/current").is_ok_and(|ours| ours == theirs) {
            return Ok(Label(None));
        }
        let is_end = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0;
        let end = theirs.iter().rposition(|byte| !is_end(byte)).map_or(0, |last| last + 1);
        let label = theirs[..end].to_vec();
        let apparmor = fs::read("/sys/module/apparmor/parameters/enabled");
        Ok(Label(Some(if apparmor.is_ok_and(|enabled| enabled.starts_with(b"Y")) {
            // `docker-default (enforce)`
            let name = label.split(|&byte| byte == b' ').next().unwrap_or_default();
            [b"exec ", name].concat()
        } else {
            label
        })))
    }
}

impl Label {
    /// Has the next exec take it.
    ///
    /// # Errors
    /// If it cannot be had: then nothing comes in.
    pub fn take_at_exec(&self) -> Result<()> {
        let Some(label) = &self.0 else { return Ok(()) };
        fs::write("/proc/self/attr/exec", label)
            .step(|| format!("take the label {} of the container", String::from_utf8_lossy(label)))
    }
}
