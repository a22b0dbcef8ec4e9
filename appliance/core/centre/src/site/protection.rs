//! What calls to the outside may cost: destinations, hours, limits and prices.
//!
//! Plain data; `shield` decides with it. What is not allowed here is refused.

use super::pattern::Pattern;

/// The toll-fraud limits of a site.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Protection {
    /// Destinations, E.164 or as dialled; the own country where `None`.
    pub allow: Option<Vec<Pattern>>,
    /// Destinations that are refused whatever `allow` says.
    pub block: Vec<Pattern>,
    /// When calls may go out; always where empty.
    pub hours: Vec<Hours>,
    /// Of each trunk that says nothing else.
    pub trunk: Limits,
    /// Of each device that says nothing else.
    pub device: Limits,
    /// What calls cost; the narrowest pattern counts.
    pub prices: Vec<Price>,
}

/// Limits of one trunk or one device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Calls at once.
    pub calls: Option<u32>,
    /// Calls begun within an hour.
    pub rate: Option<u32>,
    /// Money of one day, thousandths.
    pub cap: Option<u64>,
}

impl Limits {
    /// These, and `other` for what they do not say.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            calls: self.calls.or(other.calls),
            rate: self.rate.or(other.rate),
            cap: self.cap.or(other.cap),
        }
    }
}

/// What calls to some numbers cost, thousandths of the money that caps are written in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Price {
    /// The numbers, E.164 or as dialled.
    pub pattern: Pattern,
    /// Each call once.
    pub setup: u64,
    /// Each minute begun.
    pub minute: u64,
}

/// A span of the day on some days of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours {
    /// Monday first.
    pub days: [bool; 7],
    /// Minute of the day it begins at.
    pub from: u16,
    /// Minute of the day it ends before.
    pub to: u16,
}

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

impl Hours {
    /// `08:00-20:00`, `mon-fri 08:00-20:00` or `sat 09:00-13:00`; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let (days, hours) = match text.split_once(' ') {
            Some((days, hours)) => (Self::days(days)?, hours.trim()),
            None => ([true; 7], text),
        };
        let (from, to) = hours.split_once('-')?;
        let (from, to) = (minute(from)?, minute(to)?);
        (from < to).then_some(Self { days, from, to })
    }

    /// Whether a minute of a week lies in it; `day` counts from Monday, 0.
    pub fn contains(&self, day: usize, minute: u16) -> bool {
        self.days.get(day).is_some_and(|is_in| *is_in) && (self.from..self.to).contains(&minute)
    }

    fn days(text: &str) -> Option<[bool; 7]> {
        let place = |name: &str| DAYS.iter().position(|day| *day == name);
        let (first, last) = match text.split_once('-') {
            Some((first, last)) => (place(first)?, place(last)?),
            None => (place(text)?, place(text)?),
        };
        let mut days = [false; 7];
        for (day, is_in) in days.iter_mut().enumerate() {
            *is_in = if first <= last {
                (first..=last).contains(&day)
            } else {
                day >= first || day <= last
            };
        }
        Some(days)
    }
}

/// `HH:MM`, up to `24:00`.
fn minute(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    if hours.len() != 2 || minutes.len() != 2 {
        return None;
    }
    let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
    let total = hours * 60 + minutes;
    (minutes < 60 && total <= 24 * 60).then_some(total)
}

/// `20` or `0.15`, in thousandths; `None` for anything else.
pub(super) fn money(text: &str) -> Option<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || whole.len() > 9 || part.len() > 3 || !digits(whole) || !digits(part) {
        return None;
    }
    if text.ends_with('.') {
        return None;
    }
    let thousandths: u64 = format!("{part:0<3}").parse().ok()?;
    Some(whole.parse::<u64>().ok()? * 1_000 + thousandths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_counted_in_thousandths() {
        for (text, wanted) in [
            ("20", Some(20_000)),
            ("0.15", Some(150)),
            ("0.005", Some(5)),
            ("0", Some(0)),
            ("1.", None),
            (".5", None),
            ("-1", None),
            ("1.2345", None),
            ("9999999999", None),
        ] {
            assert_eq!(money(text), wanted, "{text}");
        }
    }

    #[test]
    fn hours_are_read_with_their_days() {
        let week = Hours::parse("mon-fri 08:00-20:00").unwrap();
        assert!(week.contains(0, 480) && !week.contains(0, 1200) && !week.contains(5, 600));
        let weekend = Hours::parse("sat-mon 00:00-24:00").unwrap();
        assert!(weekend.contains(6, 1439) && weekend.contains(0, 0) && !weekend.contains(1, 0));
        for text in [
            "",
            "mon",
            "8:00-9:00",
            "20:00-08:00",
            "mon 25:00-26:00",
            "xxx 08:00-09:00",
        ] {
            assert_eq!(Hours::parse(text), None, "{text}");
        }
    }
}
