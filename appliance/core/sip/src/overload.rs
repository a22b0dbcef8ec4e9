//! Overload control between neighbours: what a server asks of us, and what we ask (RFC 7339, `loss`).
//!
//! A client offers it in its Via, a server that has too much to do answers there how many of a hundred requests
//! should not be sent, and for how long. The endpoint reads and writes this; its owner decides what is not sent.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::lex::{number, trim};
use crate::limits;
use crate::transport::Peer;
use crate::via::{Via, ViaList};

/// The parameters of our own Via (4.1): we know the algorithm that all must know.
pub(crate) const OFFER: &str = ";oc;oc-algo=\"loss\"";

/// What we ask of those who send us requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Relief {
    /// How many of a hundred requests should not be sent.
    pub(crate) percent: u8,
    /// The wall clock, by which later wishes are told from earlier ones (4.4).
    pub(crate) unix_ms: u64,
}

impl Relief {
    /// A Via field of a response, its first value with our wish where its sender offers to heed one.
    pub(crate) fn written(self, field: &[u8]) -> Vec<u8> {
        let Some((via, end)) =
            ViaList::first(field).filter(|(via, _)| self.percent > 0 && offers(via))
        else {
            return field.to_vec();
        };
        let (value, others) = field.split_at_checked(end).unwrap_or((field, b""));
        let head = value.iter().position(|b| *b == b';').unwrap_or(value.len());
        let mut out = Vec::with_capacity(field.len() + 64);
        out.extend_from_slice(trim(value.get(..head).unwrap_or_default()));
        for (name, text) in via.params.iter().filter(|(name, _)| !is_ours(name)) {
            out.push(b';');
            out.extend_from_slice(name);
            if !text.is_empty() {
                out.push(b'=');
                out.extend_from_slice(text);
            }
        }
        let (seconds, part) = (self.unix_ms / 1_000, self.unix_ms % 1_000);
        let wish = format!(
            ";oc={};oc-algo=\"loss\";oc-validity={};oc-seq={seconds}.{part:03}",
            self.percent.min(100),
            limits::OVERLOAD_VALIDITY.as_millis(),
        );
        out.extend_from_slice(wish.as_bytes());
        out.extend_from_slice(others);
        out
    }
}

/// What servers asked of us.
#[derive(Debug, Default)]
pub(crate) struct Reliefs {
    by_peer: BTreeMap<Peer, Asked>,
}

#[derive(Clone, Copy, Debug)]
struct Asked {
    percent: u8,
    until: Instant,
    seq: (u64, u64),
}

impl Reliefs {
    /// Takes in what the Via of an answer of `peer` asks. A wish older than the known one is passed over (4.4), and
    /// so is one for another algorithm than ours.
    pub(crate) fn note(&mut self, now: Instant, peer: Peer, via: &Via<'_>) {
        let digits = |name: &str| {
            let value = via.params.get(name).filter(|value| !value.is_empty())?;
            number(value, u32::MAX).ok()
        };
        let Some(percent) = digits("oc") else {
            // Our own offer came back as it was: the server knows nothing of this.
            return;
        };
        let percent = u8::try_from(percent).ok().filter(|percent| *percent <= 100);
        let (Some(percent), true) = (percent, is_loss(via)) else {
            return;
        };
        let seq = via.params.get("oc-seq").and_then(sequence);
        let known = self.by_peer.get(&peer).filter(|known| now < known.until);
        if let (Some(known), Some(seq)) = (known, seq)
            && seq < known.seq
        {
            return;
        }
        // 500 ms where nothing is said (4.3).
        let validity = digits("oc-validity").map_or(limits::USUAL_OVERLOAD_VALIDITY, |ms| {
            Duration::from_millis(ms.into())
        });
        if percent == 0 || validity.is_zero() {
            self.by_peer.remove(&peer);
            return;
        }
        if self.by_peer.len() >= limits::MAX_OVERLOADED && !self.by_peer.contains_key(&peer) {
            self.by_peer.retain(|_, asked| now < asked.until);
        }
        if self.by_peer.len() < limits::MAX_OVERLOADED || self.by_peer.contains_key(&peer) {
            let asked = Asked {
                percent,
                until: now + validity.min(limits::MAX_OVERLOAD_VALIDITY),
                seq: seq.unwrap_or_default(),
            };
            self.by_peer.insert(peer, asked);
        }
    }

    /// How many of a hundred requests `peer` does not want now.
    pub(crate) fn percent(&self, now: Instant, peer: Peer) -> u8 {
        let asked = self.by_peer.get(&peer).filter(|asked| now < asked.until);
        asked.map_or(0, |asked| asked.percent)
    }
}

/// Whether the sender of a request heeds overload control by loss.
fn offers(via: &Via<'_>) -> bool {
    via.params.get("oc") == Some(b"") && is_loss(via)
}

/// Whether `loss` is among the algorithms named; it is meant where none is.
fn is_loss(via: &Via<'_>) -> bool {
    let Some(named) = via.params.get("oc-algo") else {
        return true;
    };
    let named = String::from_utf8_lossy(named);
    let mut named = named.trim_matches('"').split(',');
    named.any(|name| name.trim().eq_ignore_ascii_case("loss"))
}

fn is_ours(name: &[u8]) -> bool {
    let names: [&[u8]; 4] = [b"oc", b"oc-algo", b"oc-validity", b"oc-seq"];
    names.iter().any(|ours| name.eq_ignore_ascii_case(ours))
}

/// `1282321615.782` as seconds and what follows, filled up so that the two compare.
fn sequence(value: &[u8]) -> Option<(u64, u64)> {
    let text = std::str::from_utf8(value).ok()?;
    let (seconds, part) = text.split_once('.')?;
    let is_number =
        |text: &str| (1..=12).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if !is_number(seconds) || !is_number(part) {
        return None;
    }
    Some((seconds.parse().ok()?, format!("{part:0<12}").parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn via(params: &str) -> String {
        format!("SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKa{params}")
    }

    fn note(reliefs: &mut Reliefs, now: Instant, params: &str) -> u8 {
        let (peer, field) = (peer(), via(params));
        let (via, _) = ViaList::first(field.as_bytes()).unwrap();
        reliefs.note(now, peer, &via);
        reliefs.percent(now, peer)
    }

    fn peer() -> Peer {
        "192.0.2.1:5060".parse().unwrap()
    }

    #[test]
    fn a_wish_is_written_for_those_who_offer_to_heed_one() {
        let relief = Relief {
            percent: 50,
            unix_ms: 1_282_321_615_007,
        };
        let wish = ";oc=50;oc-algo=\"loss\";oc-validity=1000;oc-seq=1282321615.007";
        for (params, written) in [
            (";oc;oc-algo=\"loss\"", format!(";branch=z9hG4bKa{wish}")),
            (
                ";OC;rport=5060",
                format!(";branch=z9hG4bKa;rport=5060{wish}"),
            ),
            (
                ";oc;oc-algo=\"rate, LOSS\"",
                format!(";branch=z9hG4bKa{wish}"),
            ),
            (
                ";oc;oc-algo=\"rate\"",
                ";branch=z9hG4bKa;oc;oc-algo=\"rate\"".to_owned(),
            ),
            (";oc=10", ";branch=z9hG4bKa;oc=10".to_owned()),
            ("", ";branch=z9hG4bKa".to_owned()),
        ] {
            let field = format!("{}, SIP/2.0/UDP 192.0.2.8;oc", via(params));
            let written = format!("SIP/2.0/UDP 192.0.2.9:5060{written}, SIP/2.0/UDP 192.0.2.8;oc");
            let out = relief.written(field.as_bytes());
            assert_eq!(String::from_utf8_lossy(&out), written, "{params}");
            let none = Relief::default().written(field.as_bytes());
            assert_eq!(String::from_utf8_lossy(&none), field, "nothing to ask");
        }
    }

    #[test]
    fn a_wish_holds_for_its_time_and_a_later_one_replaces_it() {
        let (mut reliefs, now) = (Reliefs::default(), Instant::now());
        assert_eq!(
            note(&mut reliefs, now, ";oc;oc-algo=\"loss\""),
            0,
            "our own offer"
        );
        assert_eq!(
            note(
                &mut reliefs,
                now,
                ";oc=20;oc-algo=\"loss\";oc-validity=1000;oc-seq=10.5"
            ),
            20
        );
        let ms = |ms| now + Duration::from_millis(ms);
        assert_eq!(reliefs.percent(ms(999), peer()), 20);
        assert_eq!(reliefs.percent(ms(1_000), peer()), 0);
        assert_eq!(
            note(&mut reliefs, now, ";oc=90;oc-seq=10.499"),
            20,
            "an older one"
        );
        assert_eq!(note(&mut reliefs, now, ";oc=90;oc-seq=10.50001"), 90);
        assert_eq!(
            reliefs.percent(ms(500), peer()),
            0,
            "half a second is usual"
        );
        assert_eq!(
            note(&mut reliefs, now, ";oc=0;oc-validity=0;oc-seq=11.0"),
            0
        );
    }

    #[test]
    fn odd_wishes_are_passed_over_and_their_number_is_bounded() {
        let (mut reliefs, now) = (Reliefs::default(), Instant::now());
        for params in [
            ";oc=101",
            ";oc=-1",
            ";oc=x",
            ";oc=99999999999999999999",
            ";oc=50;oc-algo=\"rate\"",
            ";oc=50;oc-validity=0",
        ] {
            assert_eq!(note(&mut reliefs, now, params), 0, "{params}");
        }
        assert_eq!(
            note(&mut reliefs, now, ";oc=50;oc-validity=4000000000;oc-seq=x"),
            50
        );
        let long = now + limits::MAX_OVERLOAD_VALIDITY;
        assert_eq!(
            reliefs.percent(long, peer()),
            0,
            "nobody silences us for long"
        );
        let field = via(";oc=7");
        let (via, _) = ViaList::first(field.as_bytes()).unwrap();
        for port in 0..2 * limits::MAX_OVERLOADED as u16 {
            let peer: Peer = format!("192.0.2.77:{}", 1_024 + port).parse().unwrap();
            reliefs.note(now, peer, &via);
        }
        assert_eq!(reliefs.by_peer.len(), limits::MAX_OVERLOADED);
    }
}
