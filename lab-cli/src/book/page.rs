//! What is answered to a request: a file of the book, and nothing that is not, with all
//! links followed, below its directory.

use std::fs;
use std::path::{Path, PathBuf};

/// The names by which a browser on this host calls us. A page of somebody's whose name
/// leads here (DNS rebinding) would be called by that name, and must not read the answer.
const OUR_NAMES: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// The whole answer to the head of a request.
pub fn answer(request: &str, root: &Path) -> Vec<u8> {
    let mut words = request.lines().next().unwrap_or_default().split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (status, kind, body) = match method {
        "GET" | "HEAD" if !target.starts_with('/') => ("400 Bad Request", String::new(), vec![]),
        "GET" | "HEAD" if !is_for_us(request) => ("403 Forbidden", String::new(), vec![]),
        "GET" | "HEAD" => page(root, target),
        _ => ("405 Method Not Allowed", "Allow: GET, HEAD\r\n".to_owned(), vec![]),
    };
    let mut answer = format!(
        "HTTP/1.1 {status}\r\n{kind}Content-Length: {}\r\nCache-Control: no-cache\r\n\
         Connection: close\r\n\r\n",
        body.len()
    )
    .into_bytes();
    if method == "GET" {
        answer.extend(body);
    }
    answer
}

/// Whether the request has one `Host`, and that is this host, at whichever port.
fn is_for_us(request: &str) -> bool {
    let fields = request.lines().skip(1).filter_map(|line| line.split_once(':'));
    let hosts = fields.filter(|(name, _)| name.eq_ignore_ascii_case("host"));
    let mut hosts = hosts.map(|(_, value)| value.trim());
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
    OUR_NAMES.iter().any(|name| {
        let port = host.get(..name.len()).filter(|start| start.eq_ignore_ascii_case(name));
        let port = port.map(|_| &host[name.len()..]);
        let is_port = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
        port.is_some_and(|port| port.is_empty() || port.strip_prefix(':').is_some_and(is_port))
    })
}

/// What is found under a target: the status, more lines for the head, and the content.
fn page(root: &Path, target: &str) -> (&'static str, String, Vec<u8>) {
    let path = target.split(['?', '#']).next().unwrap_or_default();
    let not_found = || {
        let body = fs::read(root.join("404.html")).unwrap_or_default();
        ("404 Not Found", content_type(Path::new("404.html")), body)
    };
    let Some(found) = look_up(root, path) else { return not_found() };
    if found.is_dir() && !path.ends_with('/') {
        // Or the page's own links, which are relative, would start one too high.
        let location = format!("Location: /{}/\r\n", path.trim_start_matches('/'));
        return ("301 Moved Permanently", location, Vec::new());
    }
    let found =
        if found.is_dir() { look_up(root, &format!("{path}index.html")) } else { Some(found) };
    // Only files: to read a pipe would be to wait for its writer.
    let file = found.filter(|file| file.is_file());
    match file.and_then(|file| Some((content_type(&file), fs::read(&file).ok()?))) {
        Some((kind, body)) => ("200 OK", kind, body),
        None => not_found(),
    }
}

/// The file that a path of an address names, if it is below the root.
fn look_up(root: &Path, path: &str) -> Option<PathBuf> {
    let name = decode(path)?;
    let found = root.join(name.trim_start_matches('/')).canonicalize().ok()?;
    // All `..` and all links are followed by now.
    found.starts_with(root).then_some(found)
}

/// Replaces `%20` and the like.
fn decode(path: &str) -> Option<String> {
    let mut pieces = path.split('%');
    let mut bytes = pieces.next()?.as_bytes().to_vec();
    for piece in pieces {
        bytes.push(u8::from_str_radix(piece.get(..2)?, 16).ok()?);
        bytes.extend(&piece.as_bytes()[2..]);
    }
    String::from_utf8(bytes).ok()
}

/// The line that tells a browser what a file is; it runs no script and takes no style
/// without.
fn content_type(path: &Path) -> String {
    let kind = match path.extension().and_then(|ending| ending.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        Some("txt" | "md" | "diff" | "cast") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    };
    format!("Content-Type: {kind}\r\n")
}
