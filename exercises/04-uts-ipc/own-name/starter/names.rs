//! The container's name: the kernel's idea of it, and the C library's.
//!
//! The kernel keeps one host name in each UTS namespace. But a program that wants the
//! *address* of a name reads /etc/hosts, and most servers ask for their own at the start.

use std::path::Path;

use process::{CloneFlags, Result};

/// The namespaces that the container needs beside those for processes and mounts.
///
/// With them it has a host name of its own, and System V message queues, semaphores and
/// shared memory of its own.
pub fn namespaces() -> CloneFlags {
    todo!()
}

/// Names the container. It runs inside its new namespaces, before the pivot.
///
/// When it returns, this is so:
///
/// - the host name of the container is `name`;
/// - /etc/hosts below `root` has a line `127.0.1.1 NAME`;
/// - but the file etc/hosts in the image, on the disk, is what it was, because the next
///   container starts from it. It is there already in every image.
///
/// `files` is a directory of this container alone, on the host, which is removed with it.
pub fn set(name: &str, root: &Path, files: &Path) -> Result<()> {
    let _ = (name, root, files);
    todo!()
}
