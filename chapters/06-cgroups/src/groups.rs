//! A container's cgroup, for whoever finds it: looked at and changed, by the record alone.
//!
//! A limit can be changed at any time: it is a file. A lower one than what is in use makes
//! the kernel take memory back, or refuse the next process; nobody has to be asked.

use std::path::Path;

use process::Result;

use crate::group::Group;
use crate::record::is_within_cgroups;
use crate::{Cgroup, Hierarchy, Record, Setting, Version, hierarchies};

/// A container's directories, one in every hierarchy. They stay when this is dropped.
#[derive(Debug)]
pub struct Groups(pub(crate) Vec<Group>);

impl Cgroup {
    /// Finds the cgroup of a container by what is written down of it, in the directory
    /// `record`; `None` if it has none.
    ///
    /// # Errors
    /// If the record or what it names cannot be read.
    pub fn open(record: &Path) -> Result<Option<Groups>> {
        Self::open_in(&hierarchies()?, record)
    }

    /// The same for who looks for many of them, in these hierarchies.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_in(trees: &[Hierarchy], record: &Path) -> Result<Option<Groups>> {
        let Some(record) = Record::read(record)? else { return Ok(None) };
        let mut groups = Vec::new();
        for dir in record.dirs {
            let is_above = |tree: &&Hierarchy| dir.starts_with(&tree.mount);
            let nearest = |tree: &&Hierarchy| tree.mount.as_os_str().len();
            let tree = trees.iter().filter(is_above).max_by_key(nearest);
            if let Some(tree) = tree.filter(|_| dir.exists())
                && is_within_cgroups(&dir)?
            {
                groups.push(Group::found(tree.clone(), dir));
            }
        }
        Ok(Some(Groups(groups)))
    }
}

impl Groups {
    /// The directories that were made.
    pub(crate) fn made(&self) -> impl Iterator<Item = &Group> {
        self.0.iter().filter(|group| group.is_made)
    }

    /// Its directories, one in each hierarchy; none if it could not be made.
    pub fn directories(&self) -> impl Iterator<Item = &Path> {
        self.made().map(|group| group.dir.as_path())
    }

    /// The directory of the v1 hierarchy that `controller` lives in, if there is one.
    pub fn dir_of(&self, controller: &str) -> Option<&Path> {
        let is_v1 = |tree: &Hierarchy| tree.version == Version::V1 && tree.has(controller);
        let group = self.made().find(|group| is_v1(&group.hierarchy));
        group.map(|group| group.dir.as_path())
    }

    /// Sets limits, those of a running container too.
    ///
    /// # Errors
    /// If one cannot be set: none is ignored. Those before it are set then.
    pub fn set(&self, settings: &[Setting]) -> Result<()> {
        if !settings.is_empty() {
            self.hand_down(settings)?;
        }
        // v1 wants memory with swap to be no less than memory alone, at any time. Which of
        // the two is first depends on whether they rise: so what is refused is tried again.
        let is_refused = |setting: &&Setting| setting.write(&self.0).is_err();
        let refused: Vec<_> = settings.iter().filter(is_refused).collect();
        refused.into_iter().try_for_each(|setting| setting.write(&self.0))
    }

    /// v2: hands down what the limits need, and what tells memory and processes apart.
    pub(crate) fn hand_down(&self, settings: &[Setting]) -> Result<()> {
        for group in self.made().filter(|group| group.hierarchy.version == Version::V2) {
            let mut controllers = vec!["memory", "pids"];
            controllers.extend(settings.iter().map(|setting| setting.v2.controller.as_str()));
            controllers.retain(|name| group.hierarchy.has(name));
            controllers.sort_unstable();
            controllers.dedup();
            if !controllers.is_empty() {
                group.enable(&controllers)?;
            }
        }
        Ok(())
    }
}
