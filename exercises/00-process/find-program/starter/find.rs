//! From the name of a command to the file that is executed.

use std::ffi::CString;

/// Becomes the program that `argv[0]` means in the directories of `path`, which are
/// separated by colons. Returns only if nothing was executed, with the exit code:
///
/// - 127, if there is no such file;
/// - 126, if there is one, and the kernel has executed none.
///
/// A name with a slash in it is the path of the file, and is not looked up.
pub fn exec(argv: &[CString], env: &[CString], path: &str) -> u8 {
    let _ = (argv, env, path);
    todo!()
}
