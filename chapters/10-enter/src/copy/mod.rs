//! Files into a container and out of it: `lab cp`.
//!
//! A copy has two sides, and what passes between them is an archive, which the one side writes
//! while the other one reads it:
//!
//! ```text
//!   lab cp ./site c1:/srv         lab (host's names) ══ tar ══▶ child (container's names)
//!   lab cp c1:/etc/hosts .        lab (host's names) ◀══ tar ══ child (container's names)
//!   lab cp c1:/srv - | tar t      stdout             ◀══ tar ══ child
//!   lab cp - c1:/srv < site.tar   stdin              ══ tar ══▶ child
//! ```
//!
//! Each side knows its own names only, and neither trusts the other: what the container's side
//! tells of a file is a container's word. In this order:
//!
//! - `options.rs`, `location.rs`: what is typed
//! - `inside.rs`: the child
//! - `ground.rs`: names, on either side
//! - `send.rs`: files become an archive
//! - `place.rs`: where a copy goes
//! - `receive.rs`, `below.rs`, `make.rs`: an archive becomes files
//! - `archive/`: what it looks like
//!
//! The container must be there: held, running or frozen. When it has ended, so have its files,
//! until chapter 11.

use std::fs::File;
use std::io::{self, PipeReader, PipeWriter, Read, Write, copy, pipe};
use std::os::fd::{AsFd, BorrowedFd};

use mount_ns::Root;
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::read;
use process::{Error, Result, Step};

use self::below::Shape;
use self::ground::Ground;
use self::inside::Inside;
use self::place::Avoid;
use self::receive::receive;
use self::send::send;
use crate::Target;

mod archive;
mod below;
mod ground;
mod inside;
mod location;
mod make;
mod options;
mod place;
mod receive;
mod remarks;
mod send;

pub use location::{Ending, Location};
pub use make::Owners;
pub use options::{Copy, CopyOptions, Way};
pub use remarks::Remarks;
pub use send::Links;

/// What has been copied.
#[derive(Clone, Debug, Default)]
pub struct Copied {
    /// The bytes that have passed between the two sides.
    pub transferred: u64,
    /// What there is to say about it.
    pub remarks: Remarks,
}

impl Copy {
    /// Copies.
    ///
    /// # Errors
    /// If one of the sides cannot do its part.
    pub fn run(&self, container: &Target) -> Result<Copied> {
        let (reader, writer) = pipe().step(|| "make a pipe")?;
        let mut transferred = 0;
        let count = &mut transferred;
        let remarks = match &self.way {
            Way::In { from, to } => {
                let inside = self.unpack_inside(container, reader, to, Shape::Tree)?;
                let avoid = root_of(container)
                    .and_then(|root| Avoid::of(Ground::Container(&root), to, from));
                let to = Counted { it: writer, count };
                both(send(Ground::Host, from, self.links, avoid, to), inside)?
            }
            Way::Unpack { to } => {
                let inside = self.unpack_inside(container, reader, to, Shape::Archive)?;
                let ours = pass_on(io::stdin().as_fd(), &writer, count);
                drop(writer);
                both(ours, inside)?
            }
            Way::Out { from, to } => {
                let avoid = Avoid::of(Ground::Host, to, from);
                let inside = self.pack_inside(container, writer, from, avoid)?;
                let archive = Counted { it: reader, count };
                both(receive(Ground::Host, to, Shape::Tree, self.owners, archive), inside)?
            }
            Way::Pack { from } => {
                let inside = self.pack_inside(container, writer, from, None)?;
                match take_out(Counted { it: reader, count }, io::stdout().as_fd()) {
                    // Who reads it has seen enough.
                    Err(error) if error.errno() == Some(Errno::EPIPE) => Remarks::default(),
                    ours => both(ours, inside)?,
                }
            }
        };
        Ok(Copied { transferred, remarks })
    }

    fn pack_inside(
        &self,
        container: &Target,
        to: PipeWriter,
        from: &Location,
        avoid: Option<Avoid>,
    ) -> Result<Inside> {
        Inside::send(container, to.into(), |root, to| {
            send(Ground::Container(root), from, self.links, avoid, to)
        })
    }

    fn unpack_inside(
        &self,
        container: &Target,
        from: PipeReader,
        to: &Location,
        shape: Shape,
    ) -> Result<Inside> {
        Inside::send(container, from.into(), |root, from| {
            receive(Ground::Container(root), to, shape, self.owners, from)
        })
    }
}

/// Its root, for a look from outside that need not succeed.
fn root_of(container: &Target) -> Option<Root> {
    container.open("root", OFlag::O_PATH | OFlag::O_DIRECTORY).ok().map(Root::from)
}

/// What both sides say. If one fails, so does the other one: the pipe breaks, or the archive
/// is cut off. That is not what people should be told.
fn both(ours: Result<Remarks>, inside: Inside) -> Result<Remarks> {
    let is_consequence =
        |error: &Error| matches!(error.errno(), Some(Errno::EPIPE | Errno::ENODATA));
    match (ours, inside.end()) {
        (Err(ours), Err(theirs)) => Err(if is_consequence(&ours) { theirs } else { ours }),
        (Err(error), Ok(_)) | (Ok(_), Err(error)) => Err(error),
        (Ok(ours), Ok(theirs)) => Ok(ours.and(theirs)),
    }
}

/// Standard input, as it is, for as long as somebody reads it: who has refused the destination
/// does not, and a terminal would be waited for.
fn pass_on(from: BorrowedFd<'_>, writer: &PipeWriter, count: &mut u64) -> Result<Remarks> {
    let step = || "pass standard input on";
    let mut buffer = vec![0; 1 << 16];
    loop {
        let (input, output) = (PollFlags::POLLIN, PollFlags::empty());
        let both = &mut [PollFd::new(from, input), PollFd::new(writer.as_fd(), output)];
        match poll(both, PollTimeout::NONE) {
            Err(Errno::EINTR) => continue,
            polled => polled.step(step)?,
        };
        if both[1].any() == Some(true) {
            return Err(Errno::EPIPE).step(step);
        }
        match read(from, &mut buffer) {
            Ok(0) => return Ok(Remarks::default()),
            Err(Errno::EINTR) => {}
            length => {
                let bytes = &buffer[..length.step(step)?];
                (&*writer).write_all(bytes).step(step)?;
                *count += bytes.len() as u64;
            }
        }
    }
}

/// Standard output, as long as there is something for it.
fn take_out(mut from: impl Read, to: BorrowedFd<'_>) -> Result<Remarks> {
    let step = || "write to standard output";
    let mut to = File::from(to.try_clone_to_owned().step(step)?);
    copy(&mut from, &mut to).step(step).map(|_| Remarks::default())
}

/// An end of the pipe, and how many bytes have passed it.
struct Counted<'a, T> {
    it: T,
    count: &'a mut u64,
}

impl<T: Read> Read for Counted<'_, T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.it.read(buffer).inspect(|read| *self.count += *read as u64)
    }
}

impl<T: Write> Write for Counted<'_, T> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.it.write(buffer).inspect(|written| *self.count += *written as u64)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.it.flush()
    }
}
