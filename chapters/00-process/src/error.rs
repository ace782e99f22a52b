//! The one error type of all chapters: which step failed, why, and what to do.
//!
//! Most of a runtime happens in a child process that nobody talks to: when a
//! mount fails in there, the kernel's answer is one number in the wrong process.
//! So an [`Error`] is plain data. The child writes it into the gate
//! ([`crate::gate`]), the parent reads it out unchanged, and the learner sees
//! `mount proc on /proc: operation not permitted` either way.

use nix::errno::Errno;

/// What every fallible function of the chapters returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A step that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    step: String,
    errno: Option<Errno>,
    hint: Option<String>,
    exit_code: u8,
}

impl Error {
    /// The exit code where nothing was attempted: there is no such container, or not in that
    /// state.
    pub const REFUSED: u8 = 1;
    /// The exit code of a runtime that failed itself, as Docker has it.
    pub const RUNTIME_FAILED: u8 = 125;
    /// The exit code for a command that exists and cannot be executed.
    pub const NOT_EXECUTABLE: u8 = 126;
    /// The exit code for a command that does not exist.
    pub const NOT_FOUND: u8 = 127;

    /// A failure we found ourselves: `step` says all of it.
    pub fn new(step: impl Into<String>) -> Self {
        Self { step: step.into(), errno: None, hint: None, exit_code: Self::RUNTIME_FAILED }
    }

    /// A failure the kernel reported: the step that was attempted, and its answer.
    pub fn from_errno(step: impl Into<String>, errno: Errno) -> Self {
        Self { errno: Some(errno), ..Self::new(step) }
    }

    /// Adds what the reader can do about it.
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Replaces the exit code, which is [`Self::RUNTIME_FAILED`] otherwise.
    pub fn with_exit_code(mut self, code: u8) -> Self {
        self.exit_code = code;
        self
    }

    /// The kernel's answer, where there was one.
    pub fn errno(&self) -> Option<Errno> {
        self.errno
    }

    /// What the reader can do about it, where we know.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// The status the runtime should exit with.
    pub fn exit_code(&self) -> u8 {
        self.exit_code
    }

    /// The error as one message to another process: four fields, a NUL after each.
    pub fn encode(&self) -> Vec<u8> {
        let errno = self.errno.map_or(0, |errno| errno as i32);
        let hint = self.hint.as_deref().unwrap_or("");
        format!("{}\0{}\0{}\0{}\0", self.step, errno, hint, self.exit_code).into_bytes()
    }

    /// The error that [`Self::encode`] wrote; `None` if the message is cut off.
    pub fn decode(message: &[u8]) -> Option<Self> {
        let message = String::from_utf8_lossy(message);
        let mut fields = message.split_terminator('\0');
        let step = fields.next()?.to_owned();
        let errno = fields.next()?.parse().ok()?;
        let hint = fields.next()?;
        let exit_code = fields.next()?.parse().ok()?;
        Some(Self {
            step,
            errno: (errno != 0).then(|| Errno::from_raw(errno)),
            hint: (!hint.is_empty()).then(|| hint.to_owned()),
            exit_code,
        })
    }
}

impl std::fmt::Display for Error {
    /// `mount proc on /proc: operation not permitted`; the hint is not part of it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.step)?;
        match self.errno {
            Some(errno) => write!(f, ": {}", lower_first(errno.desc())),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

/// The C library's error texts start with a capital; our messages do not,
/// except where it belongs to an acronym such as `RPC`.
fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    match (chars.next(), chars.clone().next()) {
        (Some(first), Some(second)) if second.is_lowercase() => {
            first.to_lowercase().collect::<String>() + chars.as_str()
        }
        _ => text.to_owned(),
    }
}

/// Names the step in front of a failed system call.
pub trait Step<T> {
    /// `.step(|| format!("mount {source} on {target}"))?`
    ///
    /// The closure runs only if the step failed.
    fn step<S: Into<String>>(self, step: impl FnOnce() -> S) -> Result<T>;
}

impl<T> Step<T> for nix::Result<T> {
    fn step<S: Into<String>>(self, step: impl FnOnce() -> S) -> Result<T> {
        self.map_err(|errno| Error::from_errno(step(), errno))
    }
}

impl<T> Step<T> for std::io::Result<T> {
    fn step<S: Into<String>>(self, step: impl FnOnce() -> S) -> Result<T> {
        self.map_err(|error| match error.raw_os_error() {
            Some(errno) => Error::from_errno(step(), Errno::from_raw(errno)),
            None => Error::new(format!("{}: {error}", step().into())),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_crosses_the_gate_unchanged() {
        let error = Error::from_errno("mount proc on /proc", Errno::EPERM)
            .with_hint("run it as root")
            .with_exit_code(Error::NOT_EXECUTABLE);
        assert_eq!(Error::decode(&error.encode()), Some(error));
        let bare = Error::new("no such controller: memory");
        assert_eq!(Error::decode(&bare.encode()), Some(bare));
    }

    #[test]
    fn a_message_that_was_cut_off_is_not_an_error_value() {
        let whole = Error::new("mount proc on /proc").encode();
        assert_eq!(Error::decode(&whole[..whole.len() / 2]), None);
    }
}
