//! The last steps before the command is on its own, and `execve(2)` itself.

use std::convert::Infallible;
use std::ffi::{CString, OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::unistd::{chdir, execve, getcwd};

use crate::{Command, DEFAULT_PATH, Error, Result, Step, Terminal, User, why_not_executed};

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
        getcwd()
            .step(step)
            .map_err(|error| error.with_hint("it is outside of the container's root"))?;
    }
    if let Some(terminal) = terminal {
        terminal.take()?;
    }
    // ANCHOR: exec
    become_user(&user)?;

    let mut refused = None;
    for program in candidates(&command.argv[0], path) {
        let Err(errno) = execve(&c_string(program.clone().into())?, &argv, &envp);
        // Keep looking, as shells do: a later directory may have a better one. But what is
        // there and was refused is what the user has meant.
        if program.exists() || !matches!(errno, Errno::ENOENT | Errno::ENOTDIR) {
            refused = refused.or(Some((program, errno)));
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

fn explain(command: &Command, refused: Option<(PathBuf, Errno)>) -> Error {
    let (program, errno) = match refused {
        Some((program, errno)) => (Some(program), errno),
        None => (None, Errno::ENOENT),
    };
    let error = Error::from_errno(format!("exec {}", command.argv[0].display()), errno);
    let error = match errno {
        Errno::ENOENT | Errno::ENOTDIR => error.with_exit_code(Error::NOT_FOUND),
        _ => error.with_exit_code(Error::NOT_EXECUTABLE),
    };
    match program {
        Some(program) => match why_not_executed(&program, errno) {
            Some(hint) => error.with_hint(hint),
            None => error,
        },
        None => {
            error.with_hint("it is looked up in the container's root and PATH, not in the host's")
        }
    }
}

fn c_strings(words: impl Iterator<Item = OsString>) -> Result<Vec<CString>> {
    words.map(c_string).collect()
}

/// A word as system calls take it.
///
/// # Errors
/// If there is a NUL byte in it.
pub fn c_string(word: OsString) -> Result<CString> {
    CString::new(word.into_vec()).map_err(|_| Error::new("an argument contains a NUL byte"))
}
