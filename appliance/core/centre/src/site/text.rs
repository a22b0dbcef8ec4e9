//! How single values are written in sites and flows: names, durations, addresses.

use std::time::Duration;

use super::limits::{MAX_FIELD_BYTES, MAX_NAME_CHARS};

/// What the hint says about names.
pub(crate) const NAME_HINT: &str = "letters, digits, `_`, `-` and `.`, at most 64 of them";

/// Whether a text may be a name: letters (of any script), digits, `_`, `-`, `.`.
pub(crate) fn is_name(text: &str) -> bool {
    let fits = text.chars().take(MAX_NAME_CHARS + 1).count() <= MAX_NAME_CHARS;
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    !text.is_empty() && fits && text.chars().all(plain)
}

/// `500ms`, `5s`, `2m` or `1h` within the bounds, else why not and how to write it.
pub(crate) fn duration(
    text: &str,
    bounds: (Duration, Duration),
) -> Result<Duration, (String, String)> {
    let (least, most) = bounds;
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (count, unit) = text.split_at(end);
    let each = match unit {
        "ms" => Some(1),
        "s" => Some(1_000),
        "m" => Some(60_000),
        "h" => Some(3_600_000),
        _ => None,
    };
    let millis = each.and_then(|each| count.parse::<u64>().ok()?.checked_mul(each));
    let hint = format!(
        "write a number and its unit, {} to {}, such as `5s`",
        show(least),
        show(most)
    );
    match millis.map(Duration::from_millis) {
        Some(value) if value >= least && value <= most => Ok(value),
        Some(_) => Err((format!("`{text}` is out of bounds"), hint)),
        None => Err((format!("`{}` is not a duration", shorten(text)), hint)),
    }
}

/// `+08:00` or `-03:30`, in minutes ahead of UTC.
pub(crate) fn utc_offset(text: &str) -> Option<i32> {
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let digits = |text: &str| text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(hours) || !digits(minutes) {
        return None;
    }
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours <= 14 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

/// A number to dial, or a `sip:`, `sips:` or `tel:` address without blanks or quotes.
pub(crate) fn is_address(text: &str) -> bool {
    let dialled = text.strip_prefix('+').unwrap_or(text);
    let is_number = !dialled.is_empty()
        && dialled.len() <= 32
        && dialled
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, '*' | '#'));
    let rest = ["sip:", "sips:", "tel:"]
        .iter()
        .find_map(|scheme| text.strip_prefix(scheme));
    let is_uri = rest.is_some_and(|rest| {
        !rest.is_empty()
            && rest
                .chars()
                .all(|c| c.is_ascii_graphic() && !matches!(c, '<' | '>' | '"'))
    });
    text.len() <= MAX_FIELD_BYTES && (is_number || is_uri)
}

/// A wrong value as it is quoted in a message: never more than a name's length of it.
pub(crate) fn shorten(text: &str) -> String {
    let mut kept: String = text.chars().take(MAX_NAME_CHARS).map(visible).collect();
    if text.chars().nth(MAX_NAME_CHARS).is_some() {
        kept.push('…');
    }
    kept
}

fn visible(c: char) -> char {
    if c.is_control() { '\u{FFFD}' } else { c }
}

fn show(duration: Duration) -> String {
    match duration.as_millis() {
        millis if millis % 3_600_000 == 0 => format!("{}h", millis / 3_600_000),
        millis if millis % 1_000 == 0 => format!("{}s", millis / 1_000),
        millis => format!("{millis}ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_a_unit_and_keep_their_bounds() {
        let bounds = (Duration::from_millis(500), Duration::from_secs(7_200));
        for (text, wanted) in [
            ("500ms", 500),
            ("5s", 5_000),
            ("2m", 120_000),
            ("1h", 3_600_000),
        ] {
            assert_eq!(
                duration(text, bounds),
                Ok(Duration::from_millis(wanted)),
                "{text}"
            );
        }
        for text in [
            "",
            "5",
            "s",
            "5 s",
            "-5s",
            "1.5s",
            "499ms",
            "3h",
            "99999999999999999999h",
            "5S",
        ] {
            assert!(duration(text, bounds).is_err(), "{text}");
        }
        let (_, hint) = duration("5", bounds).expect_err("no unit");
        assert!(hint.contains("500ms to 2h"), "{hint}");
    }

    #[test]
    fn time_zones_are_minutes_ahead_of_utc() {
        assert_eq!(utc_offset("+08:00"), Some(480));
        assert_eq!(utc_offset("-03:30"), Some(-210));
        for text in ["", "8", "+8:00", "+15:00", "+08:60", "UTC", "时区"] {
            assert_eq!(utc_offset(text), None, "{text}");
        }
    }

    #[test]
    fn names_and_addresses_are_told_from_junk() {
        for name in ["queue_wait", "客服", "a.b-c", "4000"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "a b", "a/b", "\u{0}", &"x".repeat(65)] {
            assert!(!is_name(name), "{name}");
        }
        for address in [
            "13800138000",
            "+861012345678",
            "*98#",
            "sip:a@b.example;user=phone",
            "tel:+86",
        ] {
            assert!(is_address(address), "{address}");
        }
        for address in [
            "",
            "+",
            "sip:",
            "sip:a b",
            "http://x",
            "sip:a\r\nVia: x",
            "<sip:a@b>",
        ] {
            assert!(!is_address(address), "{address}");
        }
    }
}
