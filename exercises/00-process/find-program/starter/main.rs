//! The last step of every runtime: it becomes the command, in the environment that the
//! *container* shall have.

use std::ffi::{CString, NulError};
use std::process::ExitCode;

use clap::Parser;

mod find;

#[derive(Parser)]
struct Options {
    /// The container's PATH
    #[arg(long, value_name = "DIR:DIR…")]
    path: String,
    /// The command and its arguments
    #[arg(required = true, trailing_var_arg = true)]
    command: Vec<String>,
}

fn main() -> Result<ExitCode, NulError> {
    let Options { path, command } = Options::parse();
    let argv =
        command.iter().map(|word| CString::new(word.as_str())).collect::<Result<Vec<_>, _>>()?;
    let env = [CString::new(format!("PATH={path}"))?];
    let code = find::exec(&argv, &env, &path);
    eprintln!("error: exec {}: exit code {code}", command[0]);
    Ok(ExitCode::from(code))
}
