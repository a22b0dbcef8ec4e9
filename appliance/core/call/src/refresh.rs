//! Session timers: what is agreed about refreshing a dialog (RFC 4028).
//!
//! Pure reading and writing of the three headers; `Switchboard` keeps the deadline. We never ask
//! for a timer ourselves: a peer that wants one gets it, so that one that vanishes ends its leg.

use std::time::Duration;

use crate::limits::{LEAST_SESSION_S, MAX_SESSION_S, MIN_SESSION_S};

/// An agreed session timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refresh {
    /// Session interval, seconds.
    pub(crate) interval_s: u32,
    /// True when we are the one to refresh.
    pub(crate) by_us: bool,
}

/// What a request says about session timers.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wish<'a> {
    /// `Supported`, all values.
    pub(crate) supported: &'a str,
    /// `Session-Expires`.
    pub(crate) session_expires: Option<&'a str>,
    /// `Min-SE`.
    pub(crate) min_se: Option<&'a str>,
}

/// The outcome of reading a [`Wish`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Agreement {
    /// No timer on this dialog.
    None,
    /// This timer, to be written into the 2xx.
    Timer(Refresh),
    /// The interval is too small: 422 with Min-SE.
    TooSmall,
}

impl Refresh {
    /// Headers of our 2xx (section 9).
    pub(crate) fn headers(self) -> Vec<(String, String)> {
        let refresher = if self.by_us { "uas" } else { "uac" };
        let mut headers = vec![(
            "Session-Expires".into(),
            format!("{};refresher={refresher}", self.interval_s),
        )];
        if !self.by_us {
            headers.push(("Require".into(), "timer".into()));
        }
        headers
    }

    /// Headers of a request of ours that refreshes the session (sections 7.1 and 7.4): whoever
    /// refreshed before goes on with it.
    pub(crate) fn wish(self) -> Vec<(String, String)> {
        let refresher = if self.by_us { "uac" } else { "uas" };
        let expires = format!("{};refresher={refresher}", self.interval_s);
        vec![
            ("Session-Expires".into(), expires),
            ("Supported".into(), "timer".into()),
        ]
    }

    /// When to act: half the interval when we refresh, a little before its end when the peer
    /// should have (section 10: the smaller of 32 seconds and a third of the interval).
    pub(crate) fn wait(self) -> Duration {
        let seconds = if self.by_us {
            self.interval_s / 2
        } else {
            self.interval_s - (self.interval_s / 3).min(32)
        };
        Duration::from_secs(u64::from(seconds))
    }
}

/// Decides about a session timer as the called side (section 9).
pub(crate) fn agree(wish: Wish<'_>) -> Agreement {
    let Some(asked) = wish.session_expires else {
        return Agreement::None;
    };
    if !lists(wish.supported, "timer") {
        return Agreement::None;
    }
    let Some(interval) = seconds(asked) else {
        return Agreement::None;
    };
    if interval < MIN_SESSION_S {
        return Agreement::TooSmall;
    }
    let by_us = asked
        .split(';')
        .skip(1)
        .any(|p| p.replace(' ', "").eq_ignore_ascii_case("refresher=uas"));
    let floor = wish
        .min_se
        .and_then(seconds)
        .unwrap_or(MIN_SESSION_S)
        .max(MIN_SESSION_S);
    let interval_s = interval.min(MAX_SESSION_S.max(floor));
    Agreement::Timer(Refresh { interval_s, by_us })
}

/// Reads the timer that a 2xx to an INVITE of ours sets (section 7.2): we never ask for one, and
/// keep the one that the called side wants. Where it names nobody, it is for us to refresh.
pub(crate) fn granted(session_expires: Option<&str>) -> Option<Refresh> {
    let value = session_expires?;
    let interval_s = seconds(value)?.clamp(LEAST_SESSION_S, MAX_SESSION_S);
    let by_peer = value
        .split(';')
        .skip(1)
        .any(|p| p.replace(' ', "").eq_ignore_ascii_case("refresher=uas"));
    Some(Refresh {
        interval_s,
        by_us: !by_peer,
    })
}

/// True when the comma list holds `token`.
pub(crate) fn lists(list: &str, token: &str) -> bool {
    list.split(',')
        .any(|item| item.trim().eq_ignore_ascii_case(token))
}

/// The leading delta-seconds of a header; a number too large to hold counts as the largest.
fn seconds(value: &str) -> Option<u32> {
    let digits = value.split(';').next()?.trim();
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(digits.parse().unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish<'a>(session_expires: &'a str) -> Wish<'a> {
        Wish {
            supported: "100rel, timer",
            session_expires: Some(session_expires),
            min_se: None,
        }
    }

    #[test]
    fn a_caller_that_offers_a_timer_refreshes_it_itself() {
        let Agreement::Timer(refresh) = agree(wish("1800")) else {
            panic!("no timer")
        };
        assert_eq!(
            refresh,
            Refresh {
                interval_s: 1800,
                by_us: false
            }
        );
        assert_eq!(refresh.headers()[0].1, "1800;refresher=uac");
        assert_eq!(refresh.wait(), Duration::from_secs(1768));
    }

    #[test]
    fn a_caller_may_want_us_to_refresh() {
        assert_eq!(
            agree(wish("600; refresher=uas")),
            Agreement::Timer(Refresh {
                interval_s: 600,
                by_us: true
            })
        );
    }

    #[test]
    fn odd_wishes_end_in_no_timer_or_a_clear_no() {
        assert_eq!(agree(wish("89")), Agreement::TooSmall);
        assert_eq!(agree(wish("x")), Agreement::None);
        assert_eq!(agree(wish("-1")), Agreement::None);
        assert_eq!(
            agree(Wish {
                supported: "100rel",
                ..wish("1800")
            }),
            Agreement::None
        );
        let huge = Agreement::Timer(Refresh {
            interval_s: MAX_SESSION_S,
            by_us: false,
        });
        assert_eq!(agree(wish("99999999999999999999")), huge);
        let floor = Wish {
            min_se: Some("9000"),
            ..wish("10000")
        };
        assert_eq!(
            agree(floor),
            Agreement::Timer(Refresh {
                interval_s: 9000,
                by_us: false
            })
        );
    }

    #[test]
    fn the_called_side_says_who_refreshes_a_call_of_ours() {
        let timer = |text| granted(Some(text)).map(|r| (r.interval_s, r.by_us));
        assert_eq!(timer("1800;refresher=uas"), Some((1800, false)));
        assert_eq!(timer("1800; refresher=uac"), Some((1800, true)));
        assert_eq!(timer("1800"), Some((1800, true)));
        assert_eq!(timer("1"), Some((LEAST_SESSION_S, true)));
        assert_eq!(timer("99999999999"), Some((MAX_SESSION_S, true)));
        assert_eq!(timer("x"), None);
        assert_eq!(granted(None), None);
    }
}
