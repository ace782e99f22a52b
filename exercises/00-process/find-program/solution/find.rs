//! From the name of a command to the file that is executed.

use std::ffi::CString;

use nix::errno::Errno;
use nix::unistd::execve;

/// Becomes the program that `argv[0]` means in the directories of `path`, which are
/// separated by colons. Returns only if nothing was executed, with the exit code.
pub fn exec(argv: &[CString], env: &[CString], path: &str) -> u8 {
    let name = argv[0].to_string_lossy();
    let candidates: Vec<String> = if name.contains('/') {
        vec![name.into_owned()]
    } else {
        path.split(':').map(|dir| format!("{dir}/{name}")).collect()
    };
    let mut code = 127;
    for program in candidates {
        let Ok(program) = CString::new(program) else { continue };
        // Nobody knows as well as the kernel whether a file is a program: so try it.
        let Err(errno) = execve(&program, argv, env);
        if !matches!(errno, Errno::ENOENT | Errno::ENOTDIR) {
            code = 126;
        }
    }
    code
}
