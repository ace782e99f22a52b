//! What a root is made from: one static busybox, or the host's own tools.

use process::{Error, Result};
use serde::{Deserialize, Serialize};

use super::plan::Plan;
use super::{busybox, host};

/// The variable that decides it by force: `host` or `busybox`.
pub const FROM: &str = "LAB_ROOTFS_FROM";

/// Where the programs come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// One static busybox under all of its names.
    Busybox,
    /// The host's own tools with their libraries.
    Host,
}

impl Origin {
    /// As it is written in file names.
    pub fn name(self) -> &'static str {
        match self {
            Self::Busybox => "busybox",
            Self::Host => "host",
        }
    }

    /// The one that was asked for; `None` if we are free to choose.
    ///
    /// # Errors
    /// If the variable says something else.
    pub fn asked_for() -> Result<Option<Self>> {
        match std::env::var(FROM).as_deref() {
            Err(_) | Ok("") => Ok(None),
            Ok("busybox") => Ok(Some(Self::Busybox)),
            Ok("host") => Ok(Some(Self::Host)),
            Ok(other) => Err(Error::new(format!("{FROM}={other}: there is no such origin"))
                .with_hint("it is `host` or `busybox`, or unset")),
        }
    }

    /// The one that was asked for, else busybox where there is a static one: it is
    /// small, and the same on every host.
    ///
    /// # Errors
    /// As for [`Self::asked_for`].
    pub fn choose() -> Result<Self> {
        Ok(match Self::asked_for()? {
            Some(origin) => origin,
            None if busybox::find().is_some() => Self::Busybox,
            None => Self::Host,
        })
    }

    /// Finds out what a root of this origin would be.
    ///
    /// # Errors
    /// If there is no busybox, or no shell on the host.
    pub fn plan(self) -> Result<Plan> {
        match self {
            Self::Busybox => busybox::plan(),
            Self::Host => host::plan(),
        }
    }
}
