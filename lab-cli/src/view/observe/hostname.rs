//! Host and domain name: what `uname(2)` returns to whoever asks in there.

use nix::sys::utsname::uname;
use serde::{Deserialize, Serialize};

use crate::view::text::Text;
use crate::view::words::Words;

/// The names that uname(2) returns.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Hostname {
    /// `nodename`.
    pub hostname: Text,
    /// `domainname`; `(none)` where there is none.
    pub domainname: Text,
}

/// The names in the UTS namespace we are in.
pub fn here() -> Option<Hostname> {
    let names = uname().ok()?;
    Some(Hostname {
        hostname: Text::from_bytes(names.nodename().as_encoded_bytes()),
        domainname: Text::from_bytes(names.domainname().as_encoded_bytes()),
    })
}

impl Words for Hostname {
    fn brief(&self) -> String {
        match self.domainname.as_str() {
            "" | "(none)" => self.hostname.to_string(),
            domain => format!("{}, domain {domain}", self.hostname),
        }
    }

    fn full(&self) -> Vec<String> {
        vec![self.hostname.to_string(), format!("domain {}", self.domainname)]
    }
}
