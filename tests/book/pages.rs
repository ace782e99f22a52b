//! The pages: that what they refer to is there, and that nothing in them is typed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use regex::Regex;

use super::{files, read};

/// The sections of a chapter's page, in their order.
const SECTIONS: [&str; 11] = [
    "What breaks without it",
    "The kernel feature",
    "Predict",
    "Build it",
    "Run it",
    "Attack it",
    "How Docker does it",
    "What is still missing",
    "What changed in runtime.rs",
    "Exercises",
    "Reading",
];

fn pages() -> Vec<PathBuf> {
    files("book/src", &["md"])
}

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a pattern")
}

/// What a page includes: the file, and the part of it after the colon.
fn includes(page: &Path, text: &str) -> Vec<(PathBuf, String)> {
    let include = pattern(r"\{\{#\w+ ([^}:]+?)(?::([^}]*?))?\s*\}\}");
    let dir = page.parent().expect("a directory");
    let found = include.captures_iter(text);
    let part =
        |found: &regex::Captures<'_>| found.get(2).map_or("", |part| part.as_str()).to_owned();
    found.map(|found| (dir.join(&found[1]), part(&found))).collect()
}

/// The fenced blocks of a page: language and content.
fn blocks(text: &str) -> Vec<(&str, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(&str, String)> = None;
    for line in text.lines() {
        match (line.trim_start().strip_prefix("```"), &mut open) {
            (Some(language), None) => open = Some((language.trim(), String::new())),
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some((_, content))) => *content += &format!("{line}\n"),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block without an end: {open:?}");
    blocks
}

/// What is left of a page to be read: no code, no tags, no comments.
fn prose(text: &str) -> String {
    let mut prose = text.to_owned();
    for block in [r"(?ms)^\s*```.*?^\s*```$", r"(?s)<!--.*?-->", r"\{\{.*?\}\}", r"<[^>]*>"] {
        prose = pattern(block).replace_all(&prose, " ").into_owned();
    }
    prose
}

/// How many words a reader reads.
pub fn words(text: &str) -> usize {
    prose(text).split_whitespace().filter(|word| word.contains(char::is_alphanumeric)).count()
}

/// How long a page takes: 150 words a minute, and two minutes to look at each block.
pub fn minutes(text: &str) -> usize {
    words(text).div_ceil(150) + 2 * blocks(text).len()
}

/// The value of a key in a flat TOML file.
pub fn value_of(toml: &str, key: &str) -> Option<String> {
    let value = toml.lines().find_map(|line| line.strip_prefix(key)?.trim().strip_prefix('='))?;
    Some(value.trim().trim_matches('"').to_owned())
}

#[test]
fn no_code_and_no_output_is_typed() {
    for page in pages() {
        let text = read(&page);
        for (language, content) in blocks(&text) {
            // The author's own is what the reader shall type, and no answer to it.
            let is_included =
                content.lines().all(|line| line.is_empty() || line.starts_with("{{#include "));
            let page = page.display();
            assert!(language == "sh" || is_included, "{page}: typed ```{language}\n{content}");
        }
    }
}

#[test]
fn every_include_finds_its_file_and_its_part() {
    for page in pages() {
        for (path, part) in includes(&page, &read(&page)) {
            let (page, name) = (page.display(), path.display());
            assert!(path.is_file(), "{page} includes {name}, which is not there");
            let is_lines = part.chars().all(|char| char.is_ascii_digit() || char == ':');
            let marks = |word| pattern(&format!(r"(?m){word}: {}$", regex::escape(&part)));
            let text = read(&path);
            let is_there =
                is_lines || ["ANCHOR", "ANCHOR_END"].iter().all(|word| marks(word).is_match(&text));
            assert!(is_there, "{page} includes {name}:{part}, which is not there");
        }
    }
}

#[test]
fn every_transcript_drawing_and_generated_file_is_shown() {
    let shown: BTreeSet<_> = pages()
        .iter()
        .flat_map(|page| includes(page, &read(page)))
        .filter_map(|(path, _)| path.canonicalize().ok())
        .collect();
    let made = [("book/transcripts", "console"), ("book/src/drawings", "svg")];
    for path in made.iter().flat_map(|(dir, ending)| files(dir, &[ending])) {
        assert!(shown.contains(&path), "no page shows {}", path.display());
    }
}

#[test]
fn a_chapters_page_has_its_sections_in_their_order() {
    for page in pages() {
        let name = page.file_name().expect("a name").to_string_lossy().into_owned();
        let text = prose(&read(&page));
        let sections: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        if name.starts_with("chapter-") && !sections.is_empty() {
            assert_eq!(sections, SECTIONS, "{name}");
        }
    }
}

/// The name that mdBook gives a heading.
fn id_of(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    let kept = kept.chars().filter(|char| char.is_alphanumeric() || " -_".contains(*char));
    kept.collect::<String>().replace(' ', "-")
}

#[test]
fn every_link_leads_somewhere() {
    let link = pattern(r#"\]\(([^)\s]+)\)|(?:href|src)="([^"]+)""#);
    for page in pages() {
        for found in link.captures_iter(&read(&page)) {
            let target = found.get(1).or(found.get(2)).expect("a target").as_str();
            if target.contains("://") {
                continue;
            }
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let path = page.parent().expect("a directory").join(file);
            let path = if file.is_empty() { page.clone() } else { path };
            let place = page.display();
            assert!(path.is_file(), "{place}: {target} leads nowhere");
            let mut text = read(&path);
            for (part, _) in includes(&path, &text) {
                text += &read(&part);
            }
            let mut headings = text.lines().filter_map(|line| line.strip_prefix('#'));
            let is_there = heading.is_empty()
                || headings.any(|line| id_of(line.trim_start_matches('#')) == heading);
            assert!(is_there, "{place}: {target} leads to no heading");
        }
    }
}

#[test]
fn every_drawing_can_be_heard_and_follows_the_colours() {
    for path in files("book/src/drawings", &["svg"]) {
        let (name, text) = (path.display(), read(&path));
        for needed in ["role=\"img\"", "aria-labelledby=", "<title ", "<desc ", "viewBox="] {
            assert!(text.contains(needed), "{name}: no {needed}");
        }
        // A blank line would end the drawing: it is included in Markdown.
        assert!(!text.trim_end().contains("\n\n"), "{name}: a blank line");
        let colour = pattern(r##"(?:fill|stroke|color)\s*[=:]\s*"?\s*(#|rgb|white|black)"##);
        assert!(!colour.is_match(&text), "{name}: a colour of its own");
    }
}
