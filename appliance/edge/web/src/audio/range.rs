//! `Range: bytes=..` of one part (RFC 9110 section 14). More parts than one are answered whole,
//! which the RFC allows.

/// What to send of `total` bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// No range, or one that we may ignore: 200.
    Whole,
    /// 206: first byte, and the one after the last.
    Part { start: u64, end: u64 },
    /// 416.
    Outside,
}

/// Reads a `Range` header.
pub(crate) fn cut(header: Option<&str>, total: u64) -> Cut {
    let Some(spec) = header.and_then(|header| header.trim().strip_prefix("bytes=")) else {
        return Cut::Whole;
    };
    let Some((first, last)) = spec.trim().split_once('-').filter(|_| !spec.contains(',')) else {
        return Cut::Whole;
    };
    match (number(first), number(last)) {
        (Some(start), Some(last)) if start > last => Cut::Whole,
        (Some(start), _) if start >= total => Cut::Outside,
        (Some(start), Some(last)) => Cut::Part {
            start,
            end: last.saturating_add(1).min(total),
        },
        (Some(start), None) if last.is_empty() => Cut::Part { start, end: total },
        (None, Some(0)) if first.is_empty() => Cut::Outside,
        (None, Some(_)) if first.is_empty() && total == 0 => Cut::Outside,
        (None, Some(length)) if first.is_empty() => Cut::Part {
            start: total.saturating_sub(length),
            end: total,
        },
        _ => Cut::Whole,
    }
}

/// Digits only; more than a u64 holds is as good as its largest.
fn number(text: &str) -> Option<u64> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(text.parse().unwrap_or(u64::MAX))
}
