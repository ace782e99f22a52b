//! A terminal of the container's own, and the one of whoever is attached.

use harness::terminal::{Terminal, on_terminal};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::Keeper;

/// A foreground run on a terminal.
fn run(keeper: &Keeper, args: &str, script: &str) -> Terminal {
    on_terminal(keeper.making("run", args, &["sh", "-c", script]))
}

/// A command of the program on a terminal.
fn docker(keeper: &Keeper, args: &str) -> Terminal {
    let mut command = keeper.program();
    command.args(args.split_whitespace());
    on_terminal(command)
}

#[test]
fn it_has_a_name_inside_and_belongs_to_its_user() {
    let Some(keeper) = Keeper::new() else { return };
    let script = "tty; echo TERM=$TERM; echo anew > /dev/stdout; stat -c %u /dev/pts/0; exit 7";
    for (args, user) in [("-it", "0"), ("-it --init", "0"), ("-it --user 1000", "1000")] {
        let mut terminal = run(&keeper, &format!("--rm {args}"), script);
        let said = terminal.expect_end();
        let expected = format!("/dev/pts/0\r\nTERM=xterm\r\nanew\r\n{user}\r\n");
        assert_eq!(said, expected, "{args}");
    }
}

#[test]
fn its_keys_are_the_commands() {
    let Some(keeper) = Keeper::new() else { return };
    for args in ["", "--init"] {
        let script = "trap 'echo caught; caught=1' INT; echo ready; \
            while [ ! $caught ]; do sleep 0.05; done; read line; echo got $line";
        let mut terminal = run(&keeper, &format!("--rm -it {args}"), script);
        terminal.expect("ready\r\n");
        terminal.send_control('C');
        terminal.expect("caught");
        terminal.send_line("it");
        terminal.expect("got it");
        terminal.expect_end();
    }
}

#[test]
fn it_is_as_large_as_the_one_that_it_is_shown_on() {
    let Some(keeper) = Keeper::new() else { return };
    let script = "trap 'stty size; exit' WINCH; stty size; while :; do sleep 0.1; done";
    let run = keeper.making("run", "--rm -it", &["sh", "-c", script]);
    let mut shell = keeper.as_its_user("sh");
    shell.args(["-c", "stty rows 33 cols 101; exec \"$@\"", "sh"]);
    shell.arg(run.get_program()).args(run.get_args());
    let mut terminal = on_terminal(shell);
    terminal.expect("33 101\r\n");
    terminal.resize(40, 120);
    terminal.expect("40 120\r\n");
    terminal.expect_end();
}

#[test]
fn two_keys_leave_it_and_one_of_them_does_not() {
    let Some(keeper) = Keeper::new() else { return };
    let script = "echo ready; while read line; do echo got $line; done";
    let mut terminal = run(&keeper, "-it --name web", script);
    terminal.expect("ready\r\n");
    // Nothing comes after it, and it arrives: the terminal inside shows it.
    terminal.send_control('P');
    terminal.expect("^P");
    terminal.send_line("x");
    terminal.expect("got \u{10}x");
    terminal.send("\u{10}\u{11}");
    terminal.expect_end();
    assert!(keeper.status("web").starts_with("Up"));

    let mut terminal = docker(&keeper, "attach --detach-keys ctrl-a,d web");
    // Docker's are as good as any others now.
    terminal.send("\u{10}\u{2}");
    terminal.expect("^P^B");
    terminal.send("\u{1}d");
    terminal.expect_end();

    let mut terminal = docker(&keeper, "attach --detach-keys= web");
    terminal.send("\u{10}\u{1}");
    terminal.expect("^P^A");
    // It ends, and nobody has to press a key for that.
    keeper.docker("kill web").ok();
    terminal.expect_end();
}

#[test]
fn the_callers_terminal_is_given_back_as_it_was() {
    let Some(keeper) = Keeper::new() else { return };
    keeper.run("-it --name web", "while read line; do exit $line; done");
    type End<'a> = &'a dyn Fn(&mut Terminal);
    let ends: [(&str, End<'_>); 4] = [
        ("exit", &|terminal| terminal.send("7\r")),
        ("keys", &|terminal| terminal.send("\u{10}\u{11}")),
        ("TERM", &|_| signal_attached(&keeper, Signal::SIGTERM)),
        ("gone", &|_| keeper.kill_monitor(&keeper.ids()[0])),
    ];
    for (how, end) in ends {
        let script = "stty -g; echo before; \"$0\" attach web; echo; echo after; stty -g";
        let mut shell = keeper.as_its_user("sh");
        shell.args(["-c", script]).arg(keeper.program().get_program());
        let mut terminal = on_terminal(shell);
        let before = terminal.expect("before\r\n");
        // It is raw, and echoes twice no more: what is shown comes from the one inside.
        terminal.send("x");
        terminal.expect("x");
        terminal.send("\u{7f}");
        end(&mut terminal);
        terminal.expect("after\r\n");
        assert_eq!(terminal.expect_end(), before, "{how}");
        keeper.docker("start web");
    }
}

/// Sends a signal to whoever is attached.
fn signal_attached(keeper: &Keeper, signal: Signal) {
    let is_client = |pid: &i32| {
        let words = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        words.split(|&byte| byte == 0).nth(1) == Some(b"attach")
    };
    let client = keeper.processes().into_iter().find(is_client).expect("it is attached");
    kill(Pid::from_raw(client), signal).expect("it is there");
}

#[test]
fn a_command_may_close_its_terminal_and_open_it_again() {
    let Some(keeper) = Keeper::new() else { return };
    // Between the two, nobody inside has it.
    let script = "exec </dev/null >/dev/null 2>&1; sleep 0.3; echo again >/dev/pts/0";
    assert_eq!(run(&keeper, "--rm -it", script).expect_end(), "again\r\n");
}
