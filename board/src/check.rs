//! What must hold of a board before anything is built from it.

use std::collections::BTreeSet;

use crate::{Board, BoardError, Role};

/// The most tries an entry may be given.
pub const MAX_TRIES: u8 = 9;
/// The most partitions a disk may have.
pub const MAX_PARTITIONS: usize = 16;
/// The longest kernel command line, bytes, with room for slot and root hash (x86 takes 2047).
pub const MAX_COMMAND_LINE: usize = 1_500;
/// GPT keeps 36 UTF-16 units of a name.
const MAX_PARTITION_NAME: usize = 36;
/// A watchdog shorter than this fires in a slow boot; a longer one leaves a hung box alone too long.
const WATCHDOG_S: std::ops::RangeInclusive<u16> = 10..=300;
/// What a name in a board file may be made of.
const NAME_HINT: &str = "use lower-case letters, digits and dashes";

pub(crate) fn check(board: &Board) -> Result<(), BoardError> {
    name("name", &board.name)?;
    if !(1..=MAX_TRIES).contains(&board.boot.tries) {
        return wrong(
            "boot.tries",
            format!("{} tries", board.boot.tries),
            "give 1 to 9",
        );
    }
    if !WATCHDOG_S.contains(&board.boot.watchdog_s) {
        let why = format!("{} s", board.boot.watchdog_s);
        return wrong("boot.watchdog_s", why, "give 10 to 300 seconds");
    }
    command_line(board)?;
    partitions(board)?;
    ports(board)?;
    if board.network.lan.is_empty() {
        let hint = "name at least one interface pattern, for example \"en*\"";
        return wrong("network.lan", "no interface".to_owned(), hint);
    }
    for pattern in board.network.lan.iter().chain(&board.network.wan) {
        // They are written into systemd.network files and the firewall's sets.
        if pattern.is_empty()
            || pattern
                .chars()
                .any(|c| !(c.is_ascii_alphanumeric() || "*-_.".contains(c)))
        {
            let hint = "use letters, digits, `-`, `_`, `.` and `*`";
            return wrong(
                "network",
                format!("`{pattern}` is no interface pattern"),
                hint,
            );
        }
    }
    Ok(())
}

fn command_line(board: &Board) -> Result<(), BoardError> {
    let words = || {
        board
            .boot
            .command_line
            .iter()
            .chain(&board.boot.dev_command_line)
    };
    for word in words() {
        if word.is_empty()
            || word
                .chars()
                .any(|c| c.is_whitespace() || c.is_control() || c == '"')
        {
            let hint = "write each word of the command line as its own string";
            return wrong(
                "boot.command_line",
                format!("`{word}` is not one word"),
                hint,
            );
        }
        if ["root=", "roothash=", "branchline."]
            .iter()
            .any(|own| word.starts_with(own))
        {
            let hint = "leave it out: the builder adds slot and root hash";
            return wrong(
                "boot.command_line",
                format!("`{word}` is the builder's to say"),
                hint,
            );
        }
    }
    let length: usize = words().map(|word| word.len() + 1).sum();
    if length > MAX_COMMAND_LINE {
        let why = format!("{length} bytes");
        return wrong("boot.command_line", why, "keep it below 1500 bytes");
    }
    Ok(())
}

fn partitions(board: &Board) -> Result<(), BoardError> {
    let all = &board.partitions;
    if all.len() > MAX_PARTITIONS {
        return wrong(
            "partition",
            format!("{} partitions", all.len()),
            "at most 16 are possible",
        );
    }
    let mut seen = BTreeSet::new();
    for part in all {
        name("partition.name", &part.name)?;
        if part.name.len() > MAX_PARTITION_NAME || !seen.insert(&part.name) {
            let why = format!("`{}` is too long or named twice", part.name);
            return wrong(
                "partition.name",
                why,
                "give each partition its own name of at most 36 letters",
            );
        }
        if part.size_mib == 0 {
            let why = format!("`{}` has no size", part.name);
            return wrong("partition.size_mib", why, "give its size in MiB");
        }
    }
    let count = |role| all.iter().filter(|part| part.role == role).count();
    if count(Role::Esp) != 1 || all.first().is_none_or(|part| part.role != Role::Esp) {
        let hint = "put one partition of role esp first";
        return wrong(
            "partition",
            "the first partition is not the only esp".to_owned(),
            hint,
        );
    }
    let roots: Vec<_> = all.iter().filter(|part| part.role == Role::Root).collect();
    let named: Vec<_> = roots.iter().map(|part| part.name.as_str()).collect();
    if named != ["root-a", "root-b"]
        || roots
            .windows(2)
            .any(|two| matches!(two, [a, b] if a.size_mib != b.size_mib))
    {
        let hint = "name two partitions of role root, root-a and root-b, of one size";
        return wrong("partition", format!("the roots are {named:?}"), hint);
    }
    if count(Role::Data) != 1 || all.last().is_none_or(|part| part.role != Role::Data) {
        let hint = "put one partition of role data last: it grows to the disk's end";
        return wrong(
            "partition",
            "the last partition is not the only data".to_owned(),
            hint,
        );
    }
    if count(Role::Packs) != 1 {
        let why = format!("{} partitions of role packs", count(Role::Packs));
        let hint = "name one partition of role packs, before the data";
        return wrong("partition", why, hint);
    }
    let total: u64 = all.iter().map(|part| u64::from(part.size_mib)).sum();
    if total > u64::from(board.storage.least_gib) * 1_024 {
        let why = format!(
            "partitions of {total} MiB do not fit {} GiB",
            board.storage.least_gib
        );
        return wrong(
            "storage.least_gib",
            why,
            "make partitions smaller or ask for a larger disk",
        );
    }
    Ok(())
}

fn ports(board: &Board) -> Result<(), BoardError> {
    for port in &board.ports {
        name("port.name", &port.name)?;
        if port.first == 0 || port.last.is_some_and(|last| last < port.first) {
            let why = format!(
                "`{}` runs from {} to {:?}",
                port.name, port.first, port.last
            );
            return wrong(
                "port",
                why,
                "give first and, if there are more, a last that is not below it",
            );
        }
    }
    Ok(())
}

fn name(key: &str, name: &str) -> Result<(), BoardError> {
    let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || !name.chars().all(fine) {
        return wrong(key, format!("`{name}` is no name"), NAME_HINT);
    }
    Ok(())
}

fn wrong(key: &str, why: String, hint: &'static str) -> Result<(), BoardError> {
    Err(BoardError::Wrong {
        key: key.to_owned(),
        why,
        hint,
    })
}
