//! `lab cp`: files into a container and out of it.

use std::io::{IsTerminal, stderr, stdout};
use std::process::ExitCode;

use anyhow::Result;
use enter::Target;
use enter::copy::{Copied, Copy, CopyOptions, Way};
use process::Error;

use crate::output;

/// Copy files into a container and out of it
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lab cp site.conf web:/etc/nginx/     a file into a directory
  lab cp web:/var/log .                a directory, as ./log
  lab cp web:/var/log/. logs           what is in it, into logs
  lab cp web:/etc - | tar -t           an archive instead of files
  tar -c site | lab cp - web:/srv      and the other way

The container has to run; when it has ended, its files are gone. In it, all paths begin at /.

The copy is put into DESTINATION if that is a directory; else that is its name. Only the last
name is made. The copy keeps permissions and age. In a container it belongs to root, out here
to you. Links stay links. What is in /proc and /sys is not copied, nor are sockets.")]
pub struct Args {
    #[command(flatten)]
    copy: CopyOptions,

    /// Say nothing of what was copied; so it is without a terminal
    #[arg(short, long)]
    quiet: bool,
}

/// Runs the command.
///
/// # Errors
/// If there is no such container, or something cannot be copied.
pub fn run(args: &Args) -> Result<ExitCode> {
    // The command of nobody else has ended here, whose exit code it could be taken for.
    copy(args).map_err(|error| error.with_exit_code(Error::REFUSED).into())
}

fn copy(args: &Args) -> process::Result<ExitCode> {
    let copy = args.copy.resolve()?;
    if matches!(copy.way, Way::Pack { .. }) && stdout().is_terminal() {
        return Err(Error::new("an archive is nothing for a terminal")
            .with_hint("| tar -t lists what is in it, > FILE keeps it"));
    }
    let container = process::find(&copy.container)?;
    let copied = copy.run(&Target::of(&container)?)?;
    let remarks = &copied.remarks;
    remarks.notes.iter().for_each(|text| output::note(text));
    remarks.failures.iter().for_each(|text| output::warn(text, None));
    if remarks.more > 0 {
        output::note(&format!("{} more of this kind", remarks.more));
    }
    if !args.quiet && stderr().is_terminal() {
        tell(&copy, &copied);
    }
    let is_whole = remarks.failures.is_empty();
    Ok(if is_whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// `Successfully copied 5B (transferred 2.05kB) to web:/etc/motd`, as Docker does.
fn tell(copy: &Copy, copied: &Copied) {
    let to = match &copy.way {
        Way::Pack { .. } => return,
        Way::Out { to, .. } => to.typed().display().to_string(),
        Way::In { to, .. } | Way::Unpack { to } => {
            format!("{}:{}", copy.container, to.typed().display())
        }
    };
    let (contents, transferred) = (size(copied.remarks.contents), size(copied.transferred));
    output::tell_line(&format!(
        "Successfully copied {contents} (transferred {transferred}) to {to}"
    ));
}

/// Three digits that count, and a unit of a thousand: `5B`, `2.05kB`, `123MB`.
fn size(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let mut value = bytes as f64;
    let mut units = ["B", "kB", "MB", "GB", "TB"].into_iter();
    let mut unit = units.next().unwrap_or_default();
    while value >= 999.5 {
        let Some(next) = units.next() else { break };
        (value, unit) = (value / 1000.0, next);
    }
    let places = match value {
        0.0..9.995 => 2,
        9.995..99.95 => 1,
        _ => 0,
    };
    let text = format!("{value:.places$}");
    let text = if places > 0 { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text}{unit}")
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_have_three_digits_as_docker_prints_them() {
        let sizes = [
            (0, "0B"),
            (5, "5B"),
            (100, "100B"),
            (999, "999B"),
            (2048, "2.05kB"),
            (10_240, "10.2kB"),
            (999_499, "999kB"),
            (999_999, "1MB"),
            (123_456_789, "123MB"),
            (1_000_000_000, "1GB"),
        ];
        for (bytes, text) in sizes {
            assert_eq!(size(bytes), text);
        }
    }
}
