//! A person at a terminal of an example host, 80 columns wide.
//!
//! The host is a small one: PID, mount, network, UTS and IPC namespaces, so that a
//! transcript says the same on every machine. The kernel is the real one, and so is all
//! that happens. With the first process of the PID namespace everything in it ends.

use std::process::Command;

use harness::net::Net;
use harness::terminal::{Terminal, on_terminal};
use harness::{Lab, programs};
use regex::{Regex, bytes};

/// Before every prompt of the host's shell: no output looks like it.
const MARK: &str = "\x1e";

/// How the keys by which a terminal is detached stand in a transcript.
const DETACH: &str = "(Ctrl-P Ctrl-Q)";

/// A shell of the example host on a terminal.
pub struct Session {
    terminal: Terminal,
    prompt: bytes::Regex,
    // The host's cable leads somewhere.
    _elsewhere: Net,
}

impl Session {
    /// Logs in, and runs a script that nobody is shown.
    pub fn new(lab: &Lab, setup: &str) -> Self {
        let (host, elsewhere) = Net::host();
        host.run(
            "ip link set cable down && ip link set cable name eth0 && ip link set eth0 up && \
             ip address replace 198.51.100.1/24 dev eth0 && \
             ip route add default via 198.51.100.2",
        );
        let home = lab.state_dir().join("home");
        std::fs::create_dir(&home).expect("a directory");

        let mut shell = Command::new("unshare");
        shell.args(["--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child"]);
        shell.args(["--mount-proc", "--propagation", "private", "sh", "-i"]);
        let as_lab = lab.program("lab");
        shell.env_clear().envs(as_lab.get_envs().filter_map(|(key, value)| Some((key, value?))));
        let path = format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", programs().display());
        shell.env("PATH", path).env("HOME", &home).current_dir(&home);
        shell.env("LAB_CACHE_DIR", home.join("cache"));
        shell.env("TERM", "dumb").env("LC_ALL", "C.UTF-8").env("PS1", format!("{MARK}# "));

        let terminal = host.inside(|| on_terminal(shell));
        // The host's prompt, or that of a shell in a container: `/ # `, which a line
        // editor follows up with a question to the terminal.
        let prompt = bytes::Regex::new("(?:\x1e# |[\r\n]/[^ \r\n]* # (?:\x1b\\[(?:6n|J))?)$")
            .expect("a pattern");
        let mut session = Self { terminal, prompt, _elsewhere: elsewhere };
        session.read();
        let script = lab.state_dir().join("setup");
        std::fs::write(&script, format!("hostname laptop\nexport PS1\n{setup}\n"))
            .expect("a script");
        session.type_line(&format!(". {}", script.display()));
        session.type_line("stty echo columns 80 rows 40");
        session
    }

    /// Types a line, and returns what appears between it and the next prompt.
    pub fn type_line(&mut self, line: &str) -> String {
        match line {
            // Keys that end a line of their own.
            DETACH => self.terminal.send("\x10\x11"),
            line => self.terminal.send_line(line),
        }
        let said = self.read();
        // The line itself, as the terminal repeats it.
        let said = said.strip_prefix(line).unwrap_or(&said);
        said.trim_start_matches("\n").to_owned()
    }

    /// What appears until the next prompt, without what moves the cursor.
    fn read(&mut self) -> String {
        let text = self.terminal.expect_match(&self.prompt);
        let controls = Regex::new("\x1b\\[[0-9;?]*[a-zA-Z]|\r").expect("a pattern");
        let mut text = controls.replace_all(&text, "").into_owned();
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text
    }

    /// Logs out; what still runs on the host ends with its first process.
    pub fn leave(mut self) {
        self.terminal.send_line("exit");
        self.terminal.expect_end();
    }
}
