//! Somebody who is attached: our streams and the container's, and a socket in between.
//!
//! One loop, as in the monitor, and nothing in it waits for one thing alone. The command may
//! be waiting for us to read while we wait for it to read, and whoever presses Ctrl-C means
//! it in any case.

use std::io::{stderr, stdin, stdout};
use std::os::fd::{AsFd, OwnedFd};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use process::signals::{self, BlockedSignals};
use process::{Error, ExitStatus, Result, Step, record};

use super::attach::{AttachOptions, Ended, Input, how_it_has_ended};
use super::console::{self, Raw};
use super::door;
use super::frames::{Reply, Request, VERSION};
use super::keys::{Meant, Typed};
use super::link::{Link, Received};
use super::speech::{Speech, Spoken};
use super::streams::Stream;
use crate::{life, stop};

/// As often somebody asks a container to end, and then does not want to wait any longer.
const IMPATIENT: u32 = 3;

pub(super) struct Client {
    id: String,
    link: Link,
    proxies: bool,
    typed: Typed,
    /// What our standard input is for, once that is known.
    reads: bool,
    has_terminal: bool,
    raw: Option<Raw>,
    /// What the container has said, and we have not yet.
    to_say: Option<Speech>,
    asked_to_end: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Ready {
    Signal,
    Socket,
    Input,
    Output,
}

impl Client {
    /// Comes to the container's door.
    ///
    /// # Errors
    /// If nobody is there.
    pub fn come(id: &str, options: &AttachOptions, input: Input) -> Result<Self> {
        let dir = life::dir(&record::of(id));
        let socket = door::come_to(&dir).step(|| format!("attach to container {id}"))?;
        let feeds = input == Input::Forwarded;
        let mut it = Self {
            id: id.to_owned(),
            link: Link::new(socket),
            proxies: options.sig_proxy,
            typed: Typed::new(options.detach_keys.clone().unwrap_or_default()),
            reads: feeds,
            has_terminal: false,
            raw: None,
            to_say: None,
            asked_to_end: 0,
        };
        it.link.say(&Request::Hello { version: VERSION, feeds });
        it.tell_size();
        Ok(it)
    }

    // ANCHOR: stay
    /// Stays until the container has ended, or somebody wants to go.
    ///
    /// # Errors
    /// If nobody knows how it has ended.
    pub fn stay(mut self) -> Result<Ended> {
        let signals = BlockedSignals::block()?;
        let arrived = signals.listen()?;
        let mut greeted = false;
        loop {
            let ready = self.wait(&arrived, greeted)?;
            if ready.contains(&Ready::Signal) {
                while let Some(signal) = signals.next()? {
                    self.heed(signal.number)?;
                }
            }
            if ready.contains(&Ready::Output)
                && let Some(speech) = &mut self.to_say
            {
                match speech.go_on()? {
                    Spoken::All => self.to_say = None,
                    Spoken::APart => {}
                    Spoken::ToNobody => return Ok(Ended::Unread),
                }
            }
            if ready.contains(&Ready::Socket) {
                self.link.flush();
                match self.hear()? {
                    Heard::Nothing => {}
                    Heard::Hello => greeted = true,
                    Heard::End(ended) => return Ok(ended),
                }
            }
            if ready.contains(&Ready::Input) && self.read() {
                self.link.say_at_last(&Request::Leave);
                return Ok(Ended::Detached);
            }
        }
    }
    // ANCHOR_END: stay

    /// Waits until something can be done.
    fn wait(&mut self, arrived: &OwnedFd, greeted: bool) -> Result<Vec<Ready>> {
        let (input, output, errors) = (stdin(), stdout(), stderr());
        let mut what = vec![Ready::Signal];
        let mut polled = vec![PollFd::new(arrived.as_fd(), PollFlags::POLLIN)];
        let mut socket = PollFlags::empty();
        match &self.to_say {
            None => socket |= PollFlags::POLLIN,
            Some(speech) => {
                what.push(Ready::Output);
                let to = [output.as_fd(), errors.as_fd()][speech.stream as usize];
                polled.push(PollFd::new(to, PollFlags::POLLOUT));
            }
        }
        socket.set(PollFlags::POLLOUT, self.link.is_behind());
        if !socket.is_empty() {
            what.push(Ready::Socket);
            polled.push(PollFd::new(self.link.as_fd(), socket));
        }
        if self.reads && greeted && !self.link.is_behind() && !self.link.is_cut() {
            what.push(Ready::Input);
            polled.push(PollFd::new(input.as_fd(), PollFlags::POLLIN));
        }
        let patience = self.typed.patience();
        let timeout = patience.map_or(Ok(PollTimeout::NONE), PollTimeout::try_from);
        match poll(&mut polled, timeout.unwrap_or(PollTimeout::MAX)) {
            Err(Errno::EINTR) => return Ok(Vec::new()),
            polled => polled.step(|| "wait for the container")?,
        };
        let is_ready = polled.iter().map(|it| it.any().unwrap_or(true));
        let ready: Vec<_> =
            what.into_iter().zip(is_ready).filter_map(|(what, is)| is.then_some(what)).collect();
        if patience.is_some_and(|left| left.is_zero()) && !ready.contains(&Ready::Input) {
            let held = self.typed.let_go();
            self.link.say(&Request::Input(held));
        }
        Ok(ready)
    }

    /// Tells how large our terminal is, if there is one.
    fn tell_size(&mut self) {
        if let Some((rows, columns)) = console::size() {
            self.link.say(&Request::Size { rows, columns });
        }
    }

    fn heed(&mut self, signal: i32) -> Result<()> {
        match signal {
            libc::SIGWINCH => self.tell_size(),
            libc::SIGCHLD | libc::SIGCONT | libc::SIGURG => {}
            _ if self.proxies && !self.has_terminal => {
                self.asked_to_end += u32::from(matches!(signal, libc::SIGINT | libc::SIGTERM));
                if self.asked_to_end > IMPATIENT {
                    return Err(self.left_by(signal));
                }
                if let Some(it) = record::known_by_id(&self.id)? {
                    stop::send(&it, signal)?;
                }
            }
            libc::SIGINT | libc::SIGTERM | libc::SIGHUP | libc::SIGQUIT => {
                return Err(self.left_by(signal));
            }
            _ => {}
        }
        Ok(())
    }

    fn left_by(&mut self, signal: i32) -> Error {
        self.link.say_at_last(&Request::Leave);
        let (name, code) = (signals::name(signal), ExitStatus::Signaled(signal).code());
        Error::new(format!("left by {name}; container {} goes on", self.id)).with_exit_code(code)
    }

    fn hear(&mut self) -> Result<Heard> {
        if self.to_say.is_some() {
            return Ok(Heard::Nothing);
        }
        let reply = match self.link.receive() {
            Received::NotYet => return Ok(Heard::Nothing),
            Received::Frame(reply) => reply,
            Received::End => return how_it_has_ended(&self.id).map(Heard::End),
        };
        match reply {
            Some(Reply::Hello { version: VERSION, tty, input }) => {
                self.reads &= input;
                self.has_terminal = tty;
                if tty && self.reads {
                    self.raw = Raw::set();
                }
                return Ok(Heard::Hello);
            }
            Some(Reply::Out(bytes)) => self.to_say = Speech::new(Stream::Out, bytes),
            Some(Reply::Err(bytes)) => self.to_say = Speech::new(Stream::Err, bytes),
            Some(Reply::Ended(ending)) => return Ok(Heard::End(Ended::Exited(ending))),
            Some(Reply::Dropped) => {
                return Err(Error::new(format!(
                    "container {} says more than is read here, and does not wait",
                    self.id
                ))
                .with_hint("lab logs has all of it"));
            }
            Some(Reply::Hello { .. }) | None => {
                return Err(Error::new("the monitor speaks another version").with_hint(
                    "this container was started by another version of lab: use that one",
                ));
            }
        }
        Ok(Heard::Nothing)
    }

    /// Reads what is typed; whether the keys that leave were among it.
    fn read(&mut self) -> bool {
        let Some(bytes) = console::read_input() else {
            self.reads = false;
            self.link.say(&Request::EndOfInput);
            return false;
        };
        let meant = match self.raw {
            Some(_) => self.typed.take(&bytes),
            None => Meant::ForCommand(bytes),
        };
        let leaves = matches!(meant, Meant::Detach(_));
        let (Meant::ForCommand(input) | Meant::Detach(input)) = meant;
        if !input.is_empty() {
            self.link.say(&Request::Input(input));
        }
        leaves
    }
}

enum Heard {
    Nothing,
    Hello,
    End(Ended),
}
