//! What people type of a copy, and what shall be done.

use std::ffi::OsString;

use process::{Error, Result};
use serde::{Deserialize, Serialize};

use super::location::{Location, Typed};
use super::make::Owners;
use super::send::Links;

/// What people type of a copy.
#[derive(Clone, Debug, clap::Args)]
pub struct CopyOptions {
    /// Keep owners, by their numbers; out of a container also devices, and what programs may do
    #[arg(short, long)]
    pub archive: bool,

    /// Copy what SOURCE leads to, if it is a link
    #[arg(short = 'L', long)]
    pub follow_link: bool,

    /// NAME:PATH for a container, PATH for the host, or - for a tar archive on standard input
    #[arg(value_name = "SOURCE")]
    pub source: OsString,

    /// The same, with - for standard output; one of the two is a container's
    #[arg(value_name = "DESTINATION")]
    pub destination: OsString,
}

/// A copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copy {
    /// The container, as it was called.
    pub container: String,
    /// What is copied, and to where.
    pub way: Way,
    /// What is done with a link that is itself the source.
    pub links: Links,
    /// Who owns the copy.
    pub owners: Owners,
}

/// Which way it goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// From the host into the container.
    In {
        /// On the host.
        from: Location,
        /// In the container.
        to: Location,
    },
    /// From the container to the host.
    Out {
        /// In the container.
        from: Location,
        /// On the host.
        to: Location,
    },
    /// From an archive on standard input into the container.
    Unpack {
        /// In the container.
        to: Location,
    },
    /// From the container into an archive on standard output.
    Pack {
        /// In the container.
        from: Location,
    },
}

impl CopyOptions {
    /// Reads the two words.
    ///
    /// # Errors
    /// If not exactly one of them is in a container.
    pub fn resolve(&self) -> Result<Copy> {
        let (from, to) = (Typed::read(&self.source)?, Typed::read(&self.destination)?);
        let (container, way) = match (from, to) {
            (Typed::Container(name, from), Typed::Host(to)) => (name, Way::Out { from, to }),
            (Typed::Container(name, from), Typed::Stream) => (name, Way::Pack { from }),
            (Typed::Host(from), Typed::Container(name, to)) => (name, Way::In { from, to }),
            (Typed::Stream, Typed::Container(name, to)) => (name, Way::Unpack { to }),
            (Typed::Container(..), Typed::Container(..)) => {
                return Err(Error::new("copying between containers is not supported").with_hint(
                    "an archive goes from one to the other: lab cp c1:/a - | lab cp - c2:/b",
                ));
            }
            _ => {
                return Err(Error::new("neither the source nor the destination is in a container")
                    .with_hint("a container's path is NAME:PATH, such as web:/etc/hosts"));
            }
        };
        let owners = match (self.archive, &way) {
            (true, _) => Owners::Source,
            (false, Way::In { .. } | Way::Unpack { .. }) => Owners::Root,
            (false, Way::Out { .. } | Way::Pack { .. }) => Owners::Caller,
        };
        let links = if self.follow_link { Links::Followed } else { Links::Kept };
        Ok(Copy { container, way, links, owners })
    }
}
