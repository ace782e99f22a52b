//! The last steps before the command is on its own, and `execve(2)` itself.

use std::convert::Infallible;
use std::ffi::{CString, OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::unistd::{chdir, execve, getcwd};

use crate::command::DEFAULT_PATH;
use crate::terminal::Terminal;
use crate::user::User;
use crate::{Command, Error, Result, Step};

/// Becomes the command. Returns only if that fails.
///
/// `become_user` comes last, when nothing is left to do that needs any privilege.
pub(crate) fn exec(
    command: &Command,
    terminal: Option<&Terminal>,
    become_user: impl FnOnce(&User) -> Result<()>,
) -> Result<Infallible> {
    let user = User::resolve(command.user.as_deref())?;
    let env = command.environment(&user.home)?;
    let argv = c_strings(command.argv.iter().cloned())?;
    let envp = c_strings(env.iter().map(|(key, value)| {
        let mut pair = key.clone();
        pair.push("=");
        pair.push(value);
        pair
    }))?;
    let path = env.iter().find(|(key, _)| key == "PATH");
    let path = path.map_or(OsStr::new(DEFAULT_PATH), |(_, value)| value);

    if let Some(workdir) = &command.workdir {
        let step = || format!("change to the working directory {}", workdir.display());
        chdir(workdir).step(step)?;
        // stdin may be a directory of the host, and /proc/self/fd/0 leads there. From outside
        // of the root, the kernel has no path to tell: getcwd(3).
        getcwd().step(step).map_err(|error| error.hint("it is outside of the container's root"))?;
    }
    if let Some(terminal) = terminal {
        terminal.take()?;
    }
    // ANCHOR: exec
    become_user(&user)?;

    let mut refused = None;
    for program in candidates(&command.argv[0], path) {
        let Err(errno) = execve(&c_string(program.into())?, &argv, &envp);
        match errno {
            Errno::ENOENT | Errno::ENOTDIR => {}
            // Keep looking, as shells do: a later directory may have a better one.
            errno => refused = refused.or(Some(errno)),
        }
    }
    Err(explain(command, refused))
    // ANCHOR_END: exec
}

/// The files that a name may mean: itself if it has a slash, else one in each
/// directory of PATH.
fn candidates(name: &OsStr, path: &OsStr) -> Vec<PathBuf> {
    if name.as_bytes().contains(&b'/') {
        return vec![name.into()];
    }
    path.as_bytes()
        .split(|&byte| byte == b':')
        .map(|dir| Path::new(OsStr::from_bytes(dir)).join(name))
        .collect()
}

fn explain(command: &Command, refused: Option<Errno>) -> Error {
    let program = &command.argv[0];
    let step = format!("exec {}", program.display());
    let Some(errno) = refused else {
        let error = Error::from_errno(step, Errno::ENOENT).exit_code(Error::NOT_FOUND);
        return match std::fs::metadata(program) {
            // The file is there: what the kernel did not find is its interpreter.
            Ok(_) if program.as_bytes().contains(&b'/') => error.hint(
                "the file exists, but its interpreter (the ELF loader, or what #! names) \
                 is not in this root",
            ),
            _ => error.hint("it is looked up in the container's root and PATH, not in the host's"),
        };
    };
    let error = Error::from_errno(step, errno).exit_code(Error::NOT_EXECUTABLE);
    match errno {
        Errno::EACCES => error.hint("it is a directory, or has no execute permission"),
        Errno::ENOEXEC => {
            error.hint("it is neither an ELF program of this machine nor a #! script")
        }
        _ => error,
    }
}

fn c_strings(words: impl Iterator<Item = OsString>) -> Result<Vec<CString>> {
    words.map(c_string).collect()
}

fn c_string(word: OsString) -> Result<CString> {
    CString::new(word.into_vec()).map_err(|_| Error::new("an argument contains a NUL byte"))
}
