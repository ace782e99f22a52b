//! One limit: a file and a value, in the words of both generations.

use nix::errno::Errno;
use process::{Error, Result, Step, kernel_file};
use serde::{Deserialize, Serialize};

use crate::group::{Group, find};
use crate::{CpuList, Version, delegation, unmounted_controllers};

/// One limit, see [`LimitOptions::resolve`](crate::LimitOptions::resolve).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// The option it comes from, for messages.
    pub option: String,
    /// What to write in a v1 hierarchy.
    pub v1: Knob,
    /// What to write in the v2 hierarchy.
    pub v2: Knob,
    /// Nobody asked for it: a kernel that does not have the file may do without.
    pub is_default: bool,
}

/// A file that sets a limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Knob {
    /// The controller it belongs to.
    pub controller: String,
    /// The file's name.
    pub file: String,
    /// What to write into it.
    pub value: String,
}

impl Knob {
    /// One of a controller's files.
    pub fn new(controller: &str, file: &str, value: impl ToString) -> Self {
        Self { controller: controller.to_owned(), file: file.to_owned(), value: value.to_string() }
    }
}

impl Setting {
    /// The directory of a container's `groups`, and the file there, that it belongs to.
    pub(crate) fn home<'a>(&'a self, groups: &'a [Group]) -> Result<(&'a Group, &'a Knob)> {
        let group = find(groups, &self.v1.controller, &self.v2.controller);
        let group = group.ok_or_else(|| self.no_controller(groups))?;
        if let Some(errno) = group.refusal {
            let mount = group.hierarchy.mount.display();
            let step = format!("{}: make a cgroup in {mount}", self.option);
            return Err(delegation::explain(Error::from_errno(step, errno), &group.hierarchy));
        }
        match group.hierarchy.version {
            Version::V1 => Ok((group, &self.v1)),
            Version::V2 => Ok((group, &self.v2)),
        }
    }

    /// Writes it where its controller lives.
    pub(crate) fn write(&self, groups: &[Group]) -> Result<()> {
        let (group, knob) = self.home(groups)?;
        if self.option == "--cpuset-cpus" {
            check_processors(group, knob)?;
        }
        let path = group.dir.join(&knob.file);
        let step = || format!("{}: write {:?} to {}", self.option, knob.value, path.display());
        match group.write(&knob.file, &knob.value).step(step) {
            Err(error) if error.errno() == Some(Errno::ENOENT) && self.is_default => Ok(()),
            written => written.map_err(|error| self.explain(error)),
        }
    }

    fn no_controller(&self, groups: &[Group]) -> Error {
        let name = &self.v2.controller;
        let error = Error::new(format!(
            "{} needs the {name} controller, which no cgroup hierarchy of this host offers",
            self.option
        ));
        let trees: Vec<_> = groups.iter().map(|group| group.hierarchy.clone()).collect();
        let idle = unmounted_controllers(&trees);
        match idle.iter().find(|idle| [&self.v1.controller, name].contains(idle)) {
            Some(idle) => error.with_hint(format!(
                "the kernel has it: look for cgroup_disable={idle} in /proc/cmdline, or \
                 mount it (lab cgroups shows what is mounted where)"
            )),
            None => error.with_hint("this kernel was built without it"),
        }
    }

    fn explain(&self, error: Error) -> Error {
        match (self.option.as_str(), error.errno()) {
            ("--memory-swap", Some(Errno::ENOENT)) => {
                error.with_hint("swap is not accounted here: boot the kernel with swapaccount=1")
            }
            (option, Some(Errno::ENODEV)) if option.starts_with("--device") => error.with_hint(
                "name the whole disk, not a partition of it; lsblk shows which is which",
            ),
            _ => error,
        }
    }
}

/// v2 takes any list and, if no processor of it exists, silently uses all there are.
fn check_processors(group: &Group, knob: &Knob) -> Result<()> {
    let file = match group.hierarchy.version {
        Version::V1 => "cpuset.effective_cpus",
        Version::V2 => "cpuset.cpus.effective",
    };
    let path = group.hierarchy.mount.join(file);
    let available = kernel_file::read_text(&path).step(|| format!("read {}", path.display()))?;
    let lists = (knob.value.parse::<CpuList>(), available.parse::<CpuList>());
    if let (Ok(wanted), Ok(available)) = lists
        && !wanted.cpus.is_subset(&available.cpus)
    {
        let (wanted, available) = (wanted.text, available.text);
        return Err(Error::new(format!("--cpuset-cpus {wanted}: this host offers {available}")));
    }
    Ok(())
}
