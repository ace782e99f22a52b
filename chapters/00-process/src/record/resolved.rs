//! What a container was asked to be, once that is resolved: all that starting it again takes.
//!
//! A chapter's runtime hands its values in, each by the name of its lesson:
//!
//! ```text
//!   let resolved = Resolved::of(&command).with("root", Bytes(&rootfs)).with("names", &names);
//!   …
//!   Container::new("chapter-04-uts-ipc", resolved, process, parts, state)
//! ```
//!
//! A value is complete and has nothing of the caller in it: paths are absolute, and defaults
//! are said. Names that need not be text are [bytes](crate::bytes).

use std::io;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Command, Error, Result, Step};

/// The values of a container, by their names.
#[derive(Debug)]
pub struct Resolved {
    pub(crate) command: Command,
    values: Result<Map<String, Value>>,
}

impl Resolved {
    /// Those of chapter 0: its command.
    pub fn of(command: &Command) -> Self {
        let it = Self { command: command.clone(), values: Ok(Map::new()) };
        it.with("command", command)
    }

    /// All that a chapter has as one value, whose fields have the lessons' names.
    pub fn whole(command: &Command, all: &impl Serialize) -> Self {
        let step = || "write down what the container is";
        let values = serde_json::to_value(all).map_err(io::Error::from).step(step);
        let values = values.and_then(|all| match all {
            Value::Object(values) => Ok(values),
            other => Err(Error::new(format!("{}: it is no object: {other}", step()))),
        });
        Self { command: command.clone(), values }
    }

    /// One more. What cannot be written down is told when the record is made.
    #[must_use]
    pub fn with(self, name: &str, value: impl Serialize) -> Self {
        let value = serde_json::to_value(value).map_err(io::Error::from);
        let value = value.step(|| format!("write down the container's {name}"));
        let values = self.values.and_then(|mut values| {
            values.insert(name.to_owned(), value?);
            Ok(values)
        });
        Self { values, ..self }
    }

    /// The name it shall have, its command, and all of the values.
    pub(super) fn values(self) -> Result<(Command, Map<String, Value>)> {
        self.values.map(|values| (self.command, values))
    }
}

/// The same values, read from the record again.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct Recorded(Map<String, Value>);

impl Recorded {
    /// All of them as one value.
    ///
    /// # Errors
    /// If this version knows something else by their names.
    pub fn whole<T: DeserializeOwned>(self) -> Result<T> {
        let all = serde_json::from_value(Value::Object(self.0)).map_err(io::Error::from);
        all.step(|| "read what the container is")
    }

    /// One of them; `None` if its chapter has no such value.
    ///
    /// # Errors
    /// If it is not what this version knows by that name.
    pub fn value<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        let read = |value: &Value| T::deserialize(value).map_err(io::Error::from);
        let value = self.0.get(name).map(read).transpose();
        value.step(|| format!("read what the container's {name} is"))
    }
}

impl From<&Command> for Resolved {
    /// Of a runtime that has nothing else to tell.
    fn from(command: &Command) -> Self {
        Self::of(command)
    }
}
