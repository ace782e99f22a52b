//! Hosts with other mounts than this one, for as long as one `lab` runs.

use std::process::{Command, Stdio};

use crate::{Lab, Ran, ran};

impl Lab {
    /// Runs `lab` in a mount namespace in which a shell script was run before.
    pub fn lab_with_mounts(&self, prepare: &str, args: &[&str]) -> Ran {
        let lab = self.program("lab");
        let mut outer = Command::new("unshare");
        outer.args(["--mount", "--propagation", "private", "sh", "-c"]);
        outer.arg(format!("set -e; {prepare}\nexec \"$0\" \"$@\"")).arg(lab.get_program());
        outer.envs(lab.get_envs().filter_map(|(key, value)| Some((key, value?))));
        outer.args(args).stdin(Stdio::null());
        ran(outer.output().expect("unshare starts"))
    }
}
