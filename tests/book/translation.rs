//! The translation: that it says what the English pages say now.

use std::collections::HashMap;
use std::process::Command;

use harness::skip;

use super::{read, workspace};

/// The pages that are there in Chinese.
const TRANSLATED: [&str; 7] =
    ["SUMMARY", "index", "chapter-00", "chapter-01", "chapter-02", "chapter-03", "chapter-10"];

/// A message of a gettext file.
#[derive(Default)]
struct Message {
    /// The lines of comment above it: where it is from, and whether it is fuzzy.
    about: String,
    english: String,
    translation: String,
}

/// The messages of a gettext file, but for the first, which is its head.
fn messages(text: &str) -> Vec<Message> {
    text.split("\n\n").map(message).filter(|message| !message.english.is_empty()).collect()
}

fn message(text: &str) -> Message {
    let mut message = Message::default();
    let mut is_english = true;
    for line in text.lines() {
        if line.starts_with('#') {
            message.about += &format!("{line}\n");
            continue;
        }
        is_english &= !line.starts_with("msgstr ");
        // Still escaped, and in both files the same way.
        let quoted = line.split_once('"').and_then(|(_, rest)| rest.strip_suffix('"'));
        let part = if is_english { &mut message.english } else { &mut message.translation };
        *part += quoted.unwrap_or_default();
    }
    message
}

#[test]
fn every_paragraph_of_the_translated_pages_is_there_in_chinese() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let extract = workspace().join("book/po/extract.sh");
    let output = Command::new(extract).arg(dir.path()).output().expect("a shell script");
    if output.status.code() == Some(127) {
        return skip::skip("mdbook-xgettext is missing; book/install-tools.sh installs it");
    }
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let chinese: HashMap<_, _> = messages(&read(&workspace().join("book/po/zh-CN.po")))
        .into_iter()
        .map(|message| (message.english.clone(), message))
        .collect();
    let is_done = |english: &String| {
        chinese.get(english).is_some_and(|message| {
            !message.translation.is_empty() && !message.about.contains("fuzzy")
        })
    };
    let mut wanted = messages(&read(&dir.path().join("messages.pot")));
    wanted.retain(|message| {
        let is_ours = |page| message.about.contains(&format!("src/{page}.md"));
        // Included text is the same in every language.
        TRANSLATED.iter().any(is_ours) && !message.english.starts_with("{{#include ")
    });
    assert!(wanted.len() > 250, "{} messages in the translated pages", wanted.len());
    let missing: Vec<_> =
        wanted.into_iter().map(|message| message.english).filter(|text| !is_done(text)).collect();
    assert!(
        missing.is_empty(),
        "not in Chinese, or changed since; hint: book/po/update.sh, then edit book/po/zh-CN.po:\n{}",
        missing.join("\n")
    );
}
