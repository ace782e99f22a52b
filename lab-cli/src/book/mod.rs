//! `lab book`: builds the book if it has changed, and serves it to this host's browser.
//!
//! The pages include the lessons' code, so the book depends on the chapters too. It is
//! built by `book/build.sh`, with mdBook; where that is missing, a book that was built
//! before is still served.

use std::fs;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::SystemTime;

use colored::Colorize;
use nix::unistd::geteuid;
use process::{Error, Result, Step, search_path};

use crate::output::{self, println};

mod page;
mod server;

/// The options of `lab book`.
#[derive(clap::Args)]
pub struct Args {
    /// The port on 127.0.0.1; 0 takes any that is free
    #[arg(long, value_name = "N", default_value_t = 3000)]
    port: u16,
    /// Open no browser
    #[arg(long)]
    no_open: bool,
}

/// Builds the book and serves it, until Ctrl-C.
///
/// # Errors
/// If it cannot be built, or the port is taken.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let dir = find()?;
    let pages = dir.join("book");
    if changed(&dir)? > modified(&pages.join("index.html")) {
        build(&dir)?;
    }

    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, args.port)).map_err(|error| {
        let hint = match error.kind() {
            ErrorKind::AddrInUse => "`lab book --port 0` takes a port that is free",
            _ => "choose another one with --port",
        };
        Error::new(format!("listen on port {} of 127.0.0.1: {error}", args.port)).with_hint(hint)
    })?;
    let address = listener.local_addr().step(|| "ask for the port")?;
    let address = format!("http://{address}/");
    println!("The book is at {}, until you press Ctrl-C.", address.bold());
    output::flush()?;
    if !args.no_open {
        open(&address);
    }
    match server::serve(&listener, &pages)? {}
}

/// The book of the checkout that this program was built from, or another one that
/// `LAB_BOOK_DIR` names.
fn find() -> Result<PathBuf> {
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("/"));
    let named = std::env::var_os("LAB_BOOK_DIR").filter(|dir| !dir.is_empty());
    let dir = named.map_or_else(|| checkout.join("book"), PathBuf::from);
    if !dir.join("build.sh").is_file() {
        return Err(Error::new(format!("find the book: nothing builds one in {}", dir.display()))
            .with_hint("LAB_BOOK_DIR names the directory `book` of a checkout"));
    }
    Ok(dir)
}

/// When something last changed of which the book is made.
fn changed(book: &Path) -> Result<SystemTime> {
    let chapters = book.with_file_name("chapters");
    let built = book.join("book");
    let mut newest = SystemTime::UNIX_EPOCH;
    let mut dirs = vec![book.to_owned()];
    dirs.extend(chapters.is_dir().then_some(chapters));
    while let Some(dir) = dirs.pop() {
        for entry in dir.read_dir().step(|| format!("read {}", dir.display()))? {
            let path = entry.step(|| format!("read {}", dir.display()))?.path();
            match path.is_dir() {
                true if path == built => {}
                true => dirs.push(path),
                false => newest = newest.max(modified(&path)),
            }
        }
    }
    Ok(newest)
}

/// When a file was last written; long ago, if it is not there.
fn modified(path: &Path) -> SystemTime {
    fs::metadata(path).and_then(|file| file.modified()).unwrap_or(SystemTime::UNIX_EPOCH)
}

/// Builds the book in all languages, or as far as the tools for it are there.
fn build(book: &Path) -> Result<()> {
    let install = book.join("install-tools.sh");
    let hint = format!("{} installs it", install.display());
    let is_missing = "build the book: there is no mdbook";
    if !is_installed("mdbook") {
        if book.join("book/index.html").exists() {
            output::warn(&format!("{is_missing}: this one is older than its text"), Some(&hint));
            return Ok(());
        }
        return Err(Error::new(is_missing).with_hint(hint));
    }
    let script = book.join("build.sh");
    let mut build = Command::new(&script);
    if !is_installed("mdbook-gettext") {
        output::note("there is no mdbook-gettext: the book is built in English only");
        build.args(["--lang", "en"]);
    }
    // All that it says comes on two streams, and matters only if it fails.
    let output = build.stdin(Stdio::null()).output();
    let output = output.step(|| format!("run {}", script.display()))?;
    if !output.status.success() {
        output::tell(&String::from_utf8_lossy(&output.stdout));
        output::tell(&String::from_utf8_lossy(&output.stderr));
        return Err(Error::new(format!("build the book: {} failed", script.display())));
    }
    Ok(())
}

/// Whether one of the book's tools is in `PATH`, or where `install-tools.sh` puts it.
fn is_installed(program: &str) -> bool {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let cache = variable("XDG_CACHE_HOME").map(PathBuf::from).filter(|dir| dir.is_absolute());
    let cache = cache.or_else(|| Some(PathBuf::from(variable("HOME")?).join(".cache")));
    let tools = variable("LAB_BOOK_TOOLS").map(PathBuf::from);
    let tools = tools.or_else(|| Some(cache?.join("container-lab/book-tools")));
    let tools = tools.map(|dir| dir.join("bin"));
    search_path::find(program).or_else(|| search_path::find_in(tools, program)).is_some()
}

/// Opens the browser, where there is a screen to open it on.
fn open(address: &str) {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let has_screen = is_set("DISPLAY") || is_set("WAYLAND_DISPLAY");
    // A user who is root for the containers wants no browser with that power.
    if !has_screen || geteuid().is_root() {
        return;
    }
    let mut browser = Command::new("xdg-open");
    browser.arg(address).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // Out of our process group: the Ctrl-C that ends us is not meant for it. That there is
    // no such program is no failure: the address is on the screen.
    let _ = browser.process_group(0).spawn();
}
