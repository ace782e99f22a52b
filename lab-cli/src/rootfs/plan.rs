//! Everything that will be in a root.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::tree::Tree;

/// A root file system that can be built.
#[derive(Debug)]
pub struct Plan {
    /// The files.
    pub tree: Tree,
    /// The names in it without which no shell starts.
    pub essential: BTreeSet<PathBuf>,
    /// The programs by name, sorted.
    pub programs: Vec<String>,
    /// What was wanted and could not be had.
    pub left_out: Vec<LeftOut>,
}

/// A program that is not in the root.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct LeftOut {
    /// Its name.
    pub program: String,
    /// Why not, in words.
    pub reason: String,
}
