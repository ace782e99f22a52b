//! Comparing the arguments of a system call: the part `args` of a profile's entry.
//!
//! A filter sees six numbers of 64 bits, the registers as the program left them. The
//! kernel looks at 32 of these bits where the argument is a C `int`: socket(2) takes
//! 0x100000026 for the family 38. So a rule that *forbids* one number has to mask, or
//! the same call passes with a bit set that nobody reads:
//!
//! ```text
//!   SCMP_CMP_EQ 38                        misses 0x100000026
//!   SCMP_CMP_MASKED_EQ 0xffffffff, 38     does not
//! ```
//!
//! Comparisons of an entry are joined by *and*, unless two are of the same argument: these
//! count as two entries, joined by *or*, as libseccomp cannot say it otherwise. So two
//! "not equal" make no "neither", for every number is unequal to 38 or to 40.

use process::{Error, Result};
use seccompiler::{SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompRule};
use serde::Deserialize;

/// A comparison of one argument.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Argument {
    /// Which argument, from 0.
    index: u8,
    /// What it is compared with, or the mask.
    value: u64,
    /// For a masked comparison, what it is compared with.
    #[serde(default)]
    value_two: u64,
    op: Comparison,
}

#[derive(Clone, Copy, Debug, Deserialize)]
enum Comparison {
    #[serde(rename = "SCMP_CMP_NE")]
    Ne,
    #[serde(rename = "SCMP_CMP_LT")]
    Lt,
    #[serde(rename = "SCMP_CMP_LE")]
    Le,
    #[serde(rename = "SCMP_CMP_EQ")]
    Eq,
    #[serde(rename = "SCMP_CMP_GE")]
    Ge,
    #[serde(rename = "SCMP_CMP_GT")]
    Gt,
    #[serde(rename = "SCMP_CMP_MASKED_EQ")]
    MaskedEq,
}

/// The rules of which one has to match; none if there is nothing to compare.
pub(crate) fn rules(arguments: &[Argument]) -> Result<Vec<SeccompRule>> {
    let is_twice =
        |one: &Argument| arguments.iter().filter(|other| other.index == one.index).count() > 1;
    let size = if arguments.iter().any(is_twice) { 1 } else { arguments.len().max(1) };
    let rule = |some: &[Argument]| {
        some.iter().map(Argument::condition).collect::<Result<_, _>>().and_then(SeccompRule::new)
    };
    let rules = arguments.chunks(size).map(rule).collect::<Result<_, _>>();
    rules.map_err(|error| Error::new(error.to_string()))
}

impl Argument {
    fn condition(&self) -> Result<SeccompCondition, seccompiler::BackendError> {
        let (operation, value) = match self.op {
            Comparison::Ne => (SeccompCmpOp::Ne, self.value),
            Comparison::Lt => (SeccompCmpOp::Lt, self.value),
            Comparison::Le => (SeccompCmpOp::Le, self.value),
            Comparison::Eq => (SeccompCmpOp::Eq, self.value),
            Comparison::Ge => (SeccompCmpOp::Ge, self.value),
            Comparison::Gt => (SeccompCmpOp::Gt, self.value),
            Comparison::MaskedEq => (SeccompCmpOp::MaskedEq(self.value), self.value_two),
        };
        SeccompCondition::new(self.index, SeccompCmpArgLen::Qword, operation, value)
    }
}
