//! Running the program that writes the rules.

use std::io::{self, ErrorKind, Read, Write};
use std::process::{Command, Stdio};

use process::{Error, Result, Step};

/// Runs one of the programs on a text, and returns what it prints.
pub fn run(program: &str, args: &[&str], input: &str) -> Result<String> {
    let step = || format!("run {program}");
    // One pipe for what it prints and what it complains of: no waiting for two at once.
    let (mut output, end) = io::pipe().step(step)?;
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::piped());
    command.stdout(end.try_clone().step(step)?).stderr(end);
    let mut child = command.spawn().step(step)?;
    drop(command); // and with it our copies of the pipe's end
    // Its input ends here, too.
    let written = child.stdin.take().map_or(Ok(()), |mut stdin| stdin.write_all(input.as_bytes()));
    let mut said = Vec::new();
    let read = output.read_to_end(&mut said);
    // Waited for in any case: what it does is either done or not, when we go on.
    let status = child.wait().step(step)?;
    match written {
        // A program that does not read to the end says why.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
        // But one that has read less than there was may be content with that.
        written => written.step(step)?,
    }
    read.step(step)?;
    let said = String::from_utf8_lossy(&said);
    if status.success() {
        return Ok(said.into_owned());
    }
    let complaint = said.lines().find(|line| !line.trim().is_empty()).unwrap_or("no reason");
    Err(Error::new(format!("write address translation rules: {program}: {}", complaint.trim()))
        .with_hint("it needs root, and the kernel's nf_tables and nf_nat"))
}
