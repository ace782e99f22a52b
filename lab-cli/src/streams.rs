//! The caller's files as the container's standard streams: to be told of when it failed.
//!
//! Its user may use such a stream, and open it by a name like /dev/stdout only as far as
//! the file's mode lets others. Few programs do, so only a user who may look for the reason
//! of a failure is told; terminals are left out, being the usual case.

use std::io::{stderr, stdin, stdout};

use nix::sys::stat::{FileStat, SFlag, fstat};
use nix::unistd::Pid;
use user_ns::maps::{Kind, Map};

/// Whether root in there is another user out here. No more than a note depends on it: if the
/// kernel does not tell, there is none.
pub fn has_other_root(pid: Pid) -> bool {
    match (Map::of(&pid.to_string(), Kind::Uid), Map::of_this_process(Kind::Uid)) {
        (Ok(theirs), Ok(ours)) => theirs != ours && theirs.outside(0) != Some(0),
        _ => false,
    }
}

/// What another user than us could not open, in words.
pub fn closed_to_others() -> Option<String> {
    let streams = [
        ("/dev/stdin", fstat(stdin()), 0o004),
        ("/dev/stdout", fstat(stdout()), 0o002),
        ("/dev/stderr", fstat(stderr()), 0o002),
    ];
    let is_closed = |(name, stream, bit): (_, nix::Result<FileStat>, _)| {
        let mode = stream.ok()?.st_mode;
        let kind = SFlag::from_bits_truncate(mode & SFlag::S_IFMT.bits());
        let has_name = kind == SFlag::S_IFREG || kind == SFlag::S_IFIFO;
        (has_name && mode & bit == 0).then_some(name)
    };
    let names: Vec<&str> = streams.into_iter().filter_map(is_closed).collect();
    (!names.is_empty()).then(|| {
        format!("{}: a file of yours, which the container's user cannot open", names.join(", "))
    })
}
