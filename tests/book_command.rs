//! `lab book`: a book is built when it has to be, and served to this host alone.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use harness::Lab;

/// A checkout with a book of one page, and a script that builds another.
fn course(lab: &Lab) -> std::path::PathBuf {
    let book = lab.state_dir().join("course/book");
    fs::create_dir_all(book.join("book")).expect("a directory");
    let script = book.join("build.sh");
    let build = "#!/bin/sh\necho built anew > \"${0%/*}/book/index.html\"\n";
    fs::write(&script, build).expect("a file");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("permissions");
    book
}

/// `lab book` for it, with programs of one directory only.
fn command(lab: &Lab, book: &Path, path: &Path) -> Command {
    let mut command = lab.program("lab");
    command.args(["book", "--port", "0", "--no-open"]).env("LAB_BOOK_DIR", book);
    command.env("PATH", path).env("LAB_BOOK_TOOLS", path.join("none"));
    command
}

/// A book that is served, until this is dropped.
struct Served {
    child: Child,
    address: String,
}

impl Served {
    fn new(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("lab starts");
        let mut line = String::new();
        let said = child.stdout.take().expect("a pipe");
        BufReader::new(said).read_line(&mut line).expect("a line");
        let address = line.split('/').nth(2).unwrap_or_else(|| panic!("an address: {line}"));
        Self { address: address.to_owned(), child }
    }

    /// The whole answer to a request.
    fn ask(&self, request: &str) -> String {
        let mut peer = TcpStream::connect(&self.address).expect("somebody listens");
        write!(peer, "{request} HTTP/1.1\r\nHost: x\r\n\r\n").expect("it is read");
        let mut answer = String::new();
        peer.read_to_string(&mut answer).expect("an answer");
        answer
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_book_is_served_on_loopback_and_nothing_else_is() {
    let lab = Lab::new();
    let book = course(&lab);
    fs::write(book.join("book/index.html"), "one page\n").expect("a file");
    fs::write(book.join("secret"), "not in the book\n").expect("a file");
    std::os::unix::fs::symlink("../secret", book.join("book/link")).expect("a link");
    // No tool to build it, and it is no older than its text: the last file written.
    fs::write(book.join("book/index.html"), "one page\n").expect("a file");
    let served = Served::new(command(&lab, &book, lab.state_dir()));
    assert!(served.address.starts_with("127.0.0.1:"), "{}", served.address);
    let page = served.ask("GET /");
    assert!(page.starts_with("HTTP/1.1 200 OK\r\n") && page.ends_with("one page\n"), "{page}");
    for path in ["/../secret", "/%2e%2e/secret", "/link", "/nothing"] {
        let answer = served.ask(&format!("GET {path}"));
        assert!(answer.starts_with("HTTP/1.1 404 "), "{path}: {answer}");
    }
    assert!(served.ask("POST /").starts_with("HTTP/1.1 405 "));
}

#[test]
fn a_book_older_than_its_text_is_built() {
    let lab = Lab::new();
    let book = course(&lab);
    let tools = lab.state_dir().join("tools");
    fs::create_dir(&tools).expect("a directory");
    for tool in ["mdbook", "mdbook-gettext"] {
        fs::write(tools.join(tool), "").expect("a file");
    }
    let served = Served::new(command(&lab, &book, &tools));
    assert!(served.ask("GET /").ends_with("built anew\n"));
}

#[test]
fn without_mdbook_the_command_that_installs_it_is_named() {
    let lab = Lab::new();
    let book = course(&lab);
    let output = command(&lab, &book, lab.state_dir()).output().expect("lab starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    let expected = format!(
        "error: build the book: there is no mdbook\nhint: {}/install-tools.sh installs it\n",
        book.display()
    );
    assert_eq!((output.status.code(), &*errors), (Some(125), &*expected));
}
