//! Gives up at the first file that is refused.

use std::ffi::CString;

use nix::errno::Errno;
use nix::unistd::execve;

pub fn exec(argv: &[CString], env: &[CString], path: &str) -> u8 {
    let name = argv[0].to_string_lossy();
    if name.contains('/') {
        let Err(errno) = execve(&argv[0], argv, env);
        return if errno == Errno::ENOENT { 127 } else { 126 };
    }
    for dir in path.split(':') {
        let Ok(program) = CString::new(format!("{dir}/{name}")) else { continue };
        let Err(errno) = execve(&program, argv, env);
        if errno != Errno::ENOENT {
            return 126;
        }
    }
    127
}
