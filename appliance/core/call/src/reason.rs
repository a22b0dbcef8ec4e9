//! Causes as Reason headers say them, and back (RFC 3326, RFC 6432, ITU-T Q.850).
//!
//! Pure tables. Our BYE and CANCEL say why by both kinds of number, a refusal by Q.850 alone, as
//! responses may. What a peer says is read where it tells more than the message itself.

use sip::ReasonHeader;

use crate::cause::Cause;

/// What stops a phone from counting a call that another one took as missed.
const ELSEWHERE: &str = "Call completed elsewhere";

impl Cause {
    /// The header fields of our BYE or CANCEL for this cause.
    pub(crate) fn farewell(self) -> Vec<(String, String)> {
        let values = match self {
            // Phones look for this one, and some at nothing behind it.
            Self::AnsweredElsewhere => ReasonHeader::sip(200, ELSEWHERE).to_string(),
            cause => {
                let status = ReasonHeader::sip(cause.reason_status(), cause.word());
                format!("{}, {status}", cause.reason_header())
            }
        };
        vec![("Reason".to_owned(), values)]
    }

    /// The SIP status that says in a BYE why it comes: 200 where all went as it should.
    fn reason_status(self) -> u16 {
        match self {
            Self::CallerHungUp | Self::CalledHungUp | Self::FlowEnded | Self::Transferred => 200,
            cause => cause.sip_status(),
        }
    }

    /// Why a caller gave up, by the Reason of its CANCEL.
    pub(crate) fn of_cancel(reason: Option<&str>) -> Self {
        let reasons = reason.map(ReasonHeader::parse_all).unwrap_or_default();
        let elsewhere = |reason: &ReasonHeader| match kind(reason) {
            Some((Kind::Sip, cause)) => (200..300).contains(&cause),
            Some((Kind::Q850, cause)) => cause == 26,
            None => false,
        };
        if reasons.iter().any(elsewhere) {
            Self::AnsweredElsewhere
        } else {
            Self::Cancelled
        }
    }

    /// Why a peer hung up, by the Reason of its BYE; `None` where it just did.
    pub(crate) fn of_bye(reason: Option<&str>) -> Option<Self> {
        let reasons = reason.map(ReasonHeader::parse_all).unwrap_or_default();
        of_q850s(&reasons).or_else(|| {
            let statuses = reasons.iter().filter_map(|reason| match kind(reason) {
                // 487 belongs to a call that was given up, which this one was not.
                Some((Kind::Sip, status)) if status >= 300 && status != 487 => Some(status),
                _ => None,
            });
            statuses.map(Self::of_status).next()
        })
    }

    /// What a refusal means: its status, and the Q.850 cause behind it where it has one.
    pub(crate) fn of_refusal(status: u16, reasons: &[ReasonHeader]) -> Self {
        of_q850s(reasons).unwrap_or_else(|| Self::of_status(status))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Sip,
    Q850,
}

fn kind(reason: &ReasonHeader) -> Option<(Kind, u16)> {
    let cause = reason.cause?;
    match reason.protocol.to_ascii_uppercase().as_str() {
        "SIP" => Some((Kind::Sip, cause)),
        "Q.850" => Some((Kind::Q850, cause)),
        _ => None,
    }
}

fn of_q850s(reasons: &[ReasonHeader]) -> Option<Cause> {
    let mut causes = reasons.iter().filter_map(|reason| match kind(reason) {
        Some((Kind::Q850, cause)) => of_q850(cause),
        _ => None,
    });
    causes.next()
}

/// A Q.850 cause that tells more than that a call is over.
fn of_q850(cause: u16) -> Option<Cause> {
    Some(match cause {
        1 | 22 | 28 => Cause::UnknownNumber,
        2 | 3 => Cause::NoRoute,
        17 => Cause::Busy,
        // Subscriber absent: a mobile phone that is switched off.
        18..=20 | 102 => Cause::NoAnswer,
        21 => Cause::Declined,
        27 | 34 | 38 | 41 | 42 | 44 | 47 => Cause::Congested,
        50 | 55 | 57 => Cause::Forbidden,
        58 | 65 | 79 | 88 => Cause::NoCommonCodec,
        95..=101 | 103..=111 => Cause::ProtocolError,
        // 16 and 31 are a normal end, 26 another phone's; the rest says nothing we could tell.
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_farewells_say_why_by_both_numbers() {
        for (cause, value) in [
            (
                Cause::CalledHungUp,
                "Q.850;cause=16;text=\"called_hung_up\", SIP;cause=200;text=\"called_hung_up\"",
            ),
            (
                Cause::MediaTimeout,
                "Q.850;cause=31;text=\"media_timeout\", SIP;cause=480;text=\"media_timeout\"",
            ),
            (
                Cause::AnsweredElsewhere,
                "SIP;cause=200;text=\"Call completed elsewhere\"",
            ),
        ] {
            assert_eq!(cause.farewell(), [("Reason".to_owned(), value.to_owned())]);
        }
    }

    #[test]
    fn what_a_peer_says_is_understood() {
        for (reason, bye, cancel) in [
            (None, None, Cause::Cancelled),
            (Some("Q.850;cause=16"), None, Cause::Cancelled),
            (
                Some("SIP;cause=200;text=\"Call completed elsewhere\""),
                None,
                Cause::AnsweredElsewhere,
            ),
            (
                Some("q.850 ;cause=26;text=\"Non-selected user clearing\""),
                None,
                Cause::AnsweredElsewhere,
            ),
            (
                Some("Q.850;cause=41"),
                Some(Cause::Congested),
                Cause::Cancelled,
            ),
            (
                Some("SIP;cause=503, Q.850;cause=16"),
                Some(Cause::Congested),
                Cause::Cancelled,
            ),
            (
                Some("SIP;cause=480;text=\"x\", Q.850;cause=17"),
                Some(Cause::Busy),
                Cause::Cancelled,
            ),
            (Some("SIP;cause=487"), None, Cause::Cancelled),
            (Some("Q.850;cause=127"), None, Cause::Cancelled),
            (Some("X.25;cause=3, SIP"), None, Cause::Cancelled),
            (Some("SIP;cause=99999"), None, Cause::Cancelled),
        ] {
            assert_eq!(Cause::of_bye(reason), bye, "{reason:?}");
            assert_eq!(Cause::of_cancel(reason), cancel, "{reason:?}");
        }
    }

    #[test]
    fn a_refusal_is_told_by_its_q850_cause_where_it_has_one() {
        let refusal =
            |status, reason: &str| Cause::of_refusal(status, &ReasonHeader::parse_all(reason));
        for (status, reason, cause) in [
            (480, "", Cause::NoAnswer),
            (480, "Q.850;cause=17", Cause::Busy),
            (500, "Q.850;cause=1", Cause::UnknownNumber),
            (486, "Q.850;cause=16", Cause::Busy),
            (486, "SIP;cause=603", Cause::Busy),
            (503, "Q.850;cause=88", Cause::NoCommonCodec),
        ] {
            assert_eq!(refusal(status, reason), cause, "{status} {reason}");
        }
    }

    #[test]
    fn what_we_say_another_box_of_ours_understands() {
        for cause in [
            Cause::Busy,
            Cause::Declined,
            Cause::UnknownNumber,
            Cause::Congested,
            Cause::Forbidden,
            Cause::NoCommonCodec,
            Cause::ProtocolError,
            Cause::NoAnswer,
        ] {
            let said = cause.farewell();
            assert_eq!(Cause::of_bye(Some(&said[0].1)), Some(cause));
        }
    }
}
