//! The commands of `lab`, in groups: two dozen in one list are too many to read.

use std::fmt::Write;

use clap::Command;

/// What belongs together, in the order of the help.
const GROUPS: [(&str, &[&str]); 4] = [
    ("Containers of any chapter", &["run", "view", "exec", "cp", "compare"]),
    (
        "Containers that stay",
        &[
            "create", "start", "stop", "restart", "kill", "pause", "unpause", "wait", "attach",
            "logs", "ps", "rm",
        ],
    ),
    ("The course", &["chapters", "attack", "exercise", "grade", "book"]),
    ("This host", &["doctor", "cgroups", "rootfs", "clean", "completions", "man", "help"]),
];

/// Lets the help of all commands show them in groups.
pub fn grouped(grammar: Command) -> Command {
    let mut template = "{about-with-newline}\n{usage-heading} {usage}\n\n".to_owned();
    for (heading, names) in GROUPS {
        let _ = writeln!(template, "{heading}:");
        for name in names {
            let about = grammar.find_subcommand(name).and_then(Command::get_about);
            let about =
                about.map_or_else(|| "Print the help of a command".to_owned(), ToString::to_string);
            let _ = writeln!(template, "  {name:<11}  {about}");
        }
        template.push('\n');
    }
    template.push_str("Options:\n{options}");
    grammar.help_template(template)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn every_command_is_in_one_group() {
        let there: BTreeSet<_> =
            Cli::command().get_subcommands().map(|it| it.get_name().to_owned()).collect();
        let grouped = GROUPS.iter().flat_map(|(_, names)| *names).map(|name| (*name).to_owned());
        let grouped: Vec<_> = grouped.filter(|name| name != "help").collect();
        assert_eq!(grouped.len(), there.len(), "{grouped:?}");
        assert_eq!(grouped.into_iter().collect::<BTreeSet<_>>(), there);
    }
}
