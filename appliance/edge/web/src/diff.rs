//! The difference of two texts, line by line: the longest common subsequence between what is equal
//! at both ends. Where that would cost too much, the changed part is shown whole.

use serde::Serialize;
use utoipa::ToSchema;

use crate::limits;

/// One line of a difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct DiffLine {
    pub(crate) change: Change,
    /// Line number in the old text, from 1; absent for an added line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) old: Option<u32>,
    /// Line number in the new text, from 1; absent for a removed line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) new: Option<u32>,
    pub(crate) text: String,
}

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Change {
    Same,
    Removed,
    Added,
}

/// All lines of both texts, in order.
pub(crate) fn diff(old: &str, new: &str) -> Vec<DiffLine> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let tail = old[head..]
        .iter()
        .rev()
        .zip(new[head..].iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    let mut out = Writer {
        lines: Vec::new(),
        old: 0,
        new: 0,
    };
    for line in &old[..head] {
        out.put(Change::Same, line);
    }
    middle(
        &old[head..old.len() - tail],
        &new[head..new.len() - tail],
        &mut out,
    );
    for line in &old[old.len() - tail..] {
        out.put(Change::Same, line);
    }
    out.lines
}

struct Writer {
    lines: Vec<DiffLine>,
    old: u32,
    new: u32,
}

impl Writer {
    fn put(&mut self, change: Change, text: &str) {
        let (in_old, in_new) = (change != Change::Added, change != Change::Removed);
        self.old += u32::from(in_old);
        self.new += u32::from(in_new);
        self.lines.push(DiffLine {
            change,
            old: in_old.then_some(self.old),
            new: in_new.then_some(self.new),
            text: text.to_owned(),
        });
    }
}

fn middle(old: &[&str], new: &[&str], out: &mut Writer) {
    let width = new.len() + 1;
    let common = match (old.len() + 1).checked_mul(width) {
        Some(cells) if cells <= limits::DIFF_CELLS => common_lengths(old, new),
        _ => Vec::new(),
    };
    let at = |i: usize, j: usize| common.get(i * width + j).copied().unwrap_or(0);
    let (mut i, mut j) = (0, 0);
    while i < old.len() && j < new.len() {
        if old[i] == new[j] && !common.is_empty() {
            out.put(Change::Same, old[i]);
            i += 1;
            j += 1;
        } else if at(i + 1, j) >= at(i, j + 1) {
            out.put(Change::Removed, old[i]);
            i += 1;
        } else {
            out.put(Change::Added, new[j]);
            j += 1;
        }
    }
    for line in &old[i..] {
        out.put(Change::Removed, line);
    }
    for line in &new[j..] {
        out.put(Change::Added, line);
    }
}

/// Length of the longest common subsequence of `old[i..]` and `new[j..]`, row by row.
fn common_lengths(old: &[&str], new: &[&str]) -> Vec<u32> {
    let width = new.len() + 1;
    let mut table = vec![0u32; (old.len() + 1) * width];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            table[i * width + j] = if old[i] == new[j] {
                table[(i + 1) * width + j + 1] + 1
            } else {
                table[(i + 1) * width + j].max(table[i * width + j + 1])
            };
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn short(old: &str, new: &str) -> String {
        let mark = |line: &DiffLine| match line.change {
            Change::Same => ' ',
            Change::Removed => '-',
            Change::Added => '+',
        };
        diff(old, new)
            .iter()
            .map(|line| format!("{}{} ", mark(line), line.text))
            .collect()
    }

    #[test]
    fn changed_line_is_removed_and_added_where_it_stands() {
        assert_eq!(short("a\nb\nc", "a\nx\nc"), " a -b +x  c ");
    }

    #[test]
    fn moved_line_keeps_its_neighbours_as_they_are() {
        assert_eq!(short("a\nb\nc\nd", "b\nc\na\nd"), "-a  b  c +a  d ");
    }

    #[test]
    fn equal_and_empty_texts_have_no_change() {
        assert_eq!(short("a\nb", "a\nb"), " a  b ");
        assert_eq!(short("", ""), "");
        assert_eq!(short("", "a"), "+a ");
    }

    #[test]
    fn line_numbers_count_each_side_alone() {
        let lines = diff("a\nb", "x\nb");
        let numbers: Vec<_> = lines.iter().map(|line| (line.old, line.new)).collect();
        assert_eq!(
            numbers,
            [(Some(1), None), (None, Some(1)), (Some(2), Some(2))]
        );
    }

    #[test]
    fn texts_too_different_to_compare_are_shown_whole() {
        let many = |word: &str| {
            (0..3000)
                .map(|n| format!("{word}{n}\n"))
                .collect::<String>()
        };
        let lines = diff(&many("a"), &many("b"));
        assert_eq!(lines.len(), 6000);
        assert!(
            lines[..3000]
                .iter()
                .all(|line| line.change == Change::Removed)
        );
    }
}
