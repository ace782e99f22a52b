//! The view as text: two columns, and a mark in the third.

use colored::Colorize;

use super::block::{Block, blocks};
use super::model::View;
use super::row::Mark;
use crate::columns::{columns, fit, wrap};

/// How much to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Detail {
    /// Every aspect in a block of its own
    Full,
    /// One line an aspect
    Brief,
}

/// Two columns side by side need at least this much.
const NARROW: usize = 72;
/// A longer line is tiring to follow.
const WIDE: usize = 160;
const LABEL: usize = 13;
/// The third column: `shared`, or more where other containers are told of.
const MARK: usize = 6;
const LONGEST_MARK: usize = 16;
/// `container` and a gap, where it stands before its lines.
const SIDE: usize = 11;
/// Between two columns.
const GAP: &str = "  ";

/// Draws the view, in colour, in lines of at most `width` columns.
pub fn render(view: &View, detail: Detail, width: usize) -> String {
    let blocks = blocks(view);
    let width = width.min(WIDE);
    let mut lines = match (detail, width < NARROW) {
        (Detail::Brief, false) => brief(&blocks, width),
        (Detail::Brief, true) => {
            let cell =
                |line: &String| vec![fit(line, width.saturating_sub(SIDE)).trim_end().to_owned()];
            stacked(&blocks, width, |block| block.brief.each_ref().map(cell))
        }
        (Detail::Full, false) => full(&blocks, width),
        (Detail::Full, true) => stacked(&blocks, width, |block| block.full.clone()),
    };
    lines.push(String::new());
    lines.join("\n")
}

fn brief(blocks: &[Block], width: usize) -> Vec<String> {
    let marks = blocks.iter().map(|block| columns(&block.whose())).max().unwrap_or_default();
    let column = (width - LABEL - marks.clamp(MARK, LONGEST_MARK) - 2 * GAP.len()) / 2;
    let mut lines = vec![format!(
        "{}{}{GAP}{}",
        " ".repeat(LABEL),
        fit("host", column).bold(),
        "container".bold()
    )];
    for block in blocks {
        lines.push(format!(
            "{}{}{GAP}{}{GAP}{}",
            fit(block.title, LABEL).cyan(),
            fit(&block.brief[0], column),
            fit(&block.brief[1], column),
            mark(block, LONGEST_MARK)
        ));
    }
    lines
}

fn full(blocks: &[Block], width: usize) -> Vec<String> {
    const INDENT: &str = "  ";
    let column = (width - INDENT.len() - 3) / 2;
    let row = |left: &str, right: &str| {
        let line = format!("{INDENT}{} {} {right}", fit(left, column), "│".dimmed());
        line.trim_end().to_owned()
    };
    let mut lines = vec![format!(
        "{INDENT}{} {} {}",
        fit("host", column).bold(),
        "│".dimmed(),
        "container".bold()
    )];
    for block in blocks {
        lines.push(heading(block, width));
        let side = |lines: &Vec<String>| -> Vec<String> {
            lines.iter().flat_map(|line| wrap(line, column)).collect()
        };
        let [left, right] = block.full.each_ref().map(side);
        for at in 0..left.len().max(right.len()) {
            let cell = |side: &[String]| side.get(at).cloned().unwrap_or_default();
            lines.push(row(&cell(&left), &cell(&right)));
        }
    }
    lines
}

/// One side below the other, where there is no room for two.
fn stacked(
    blocks: &[Block],
    width: usize,
    sides: impl Fn(&Block) -> [Vec<String>; 2],
) -> Vec<String> {
    let mut lines = Vec::new();
    for block in blocks {
        lines.push(heading(block, width));
        for (name, side) in ["host", "container"].iter().zip(sides(block)) {
            let mut label = fit(name, SIDE).bold().to_string();
            for line in side.iter().flat_map(|line| wrap(line, width.saturating_sub(SIDE))) {
                lines.push(format!("{label}{line}"));
                label = " ".repeat(SIDE);
            }
        }
    }
    lines
}

/// `network ─────────────── shared`
fn heading(block: &Block, width: usize) -> String {
    let room = (width / 2).max(MARK);
    let marks = columns(&block.whose()).clamp(MARK, room);
    let rule = "─".repeat(width.saturating_sub(block.title.len() + marks + 2));
    format!("{} {} {}", block.title.cyan().bold(), rule.dimmed(), mark(block, room))
}

/// Whose it is, in at most so many columns.
fn mark(block: &Block, room: usize) -> String {
    let words = fit(&block.whose(), room).trim_end().to_owned();
    match (block.mark, &block.sharing) {
        (Some(Mark::Own), None) => words.green(),
        (Some(_), _) => words.yellow(),
        (None, _) => words.dimmed(),
    }
    .to_string()
}
