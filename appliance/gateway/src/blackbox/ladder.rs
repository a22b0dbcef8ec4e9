//! A ladder diagram in text: who sent what to whom, one line a message.

use std::fmt;
use std::io::{self, Write};
use std::time::Duration;

use sip::StartLine;

use crate::masking::masked_message;

/// Columns a message's words take.
const ARROW: usize = 34;

/// Which way a message went, seen from the box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    In,
    Out,
}

/// Messages and notes in order.
#[derive(Debug, Default)]
pub(super) struct Ladder {
    rungs: Vec<Rung>,
    /// Peers by the order in which they appeared.
    peers: Vec<String>,
}

#[derive(Debug)]
struct Rung {
    at: Duration,
    what: What,
}

#[derive(Debug)]
enum What {
    Message {
        peer: usize,
        side: Side,
        title: String,
        bytes: Vec<u8>,
    },
    Note(String),
}

impl Ladder {
    pub(super) fn message(&mut self, at: Duration, side: Side, peer: String, bytes: &[u8]) {
        let known = self.peers.iter().position(|known| *known == peer);
        let peer = known.unwrap_or_else(|| {
            self.peers.push(peer);
            self.peers.len() - 1
        });
        let what = What::Message {
            peer,
            side,
            title: title(bytes),
            bytes: bytes.to_vec(),
        };
        self.rungs.push(Rung { at, what });
    }

    pub(super) fn note(&mut self, at: Duration, text: String) {
        let what = What::Note(text);
        self.rungs.push(Rung { at, what });
    }

    /// Every message whole, credentials left out and, unless `unmasked`, numbers masked.
    pub(super) fn write_messages(&self, out: &mut impl Write, unmasked: bool) -> io::Result<()> {
        for rung in &self.rungs {
            let What::Message {
                peer, side, bytes, ..
            } = &rung.what
            else {
                continue;
            };
            let way = match side {
                Side::In => "from",
                Side::Out => "to",
            };
            let peer = self.peers.get(*peer).map_or("", String::as_str);
            writeln!(out, "\n--- {:.3} s, {way} {peer}", self.since(rung.at))?;
            let text = String::from_utf8_lossy(bytes);
            writeln!(out, "{}", masked_message(&text, unmasked).trim_end())?;
        }
        Ok(())
    }

    fn since(&self, at: Duration) -> f64 {
        let first = self.rungs.first().map_or(at, |rung| rung.at);
        at.saturating_sub(first).as_secs_f64()
    }
}

impl fmt::Display for Ladder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.peers.iter().map(String::len).max().unwrap_or(0);
        for rung in &self.rungs {
            write!(f, "{:>9.3} s  ", self.since(rung.at))?;
            match &rung.what {
                What::Message {
                    peer, side, title, ..
                } => {
                    let peer = self.peers.get(*peer).map_or("", String::as_str);
                    let shaft = "\u{2500}".repeat(ARROW.saturating_sub(title.chars().count() + 2));
                    match side {
                        Side::In => {
                            writeln!(f, "{peer:width$} \u{2500} {title} {shaft}\u{25b6} box")?
                        }
                        Side::Out => {
                            writeln!(f, "{peer:width$} \u{25c0} {title} {shaft}\u{2500} box")?
                        }
                    }
                }
                What::Note(text) => writeln!(f, "{:width$} \u{00b7} {text}", "")?,
            }
        }
        Ok(())
    }
}

/// Method or status, CSeq, and whether it carries a session description.
fn title(bytes: &[u8]) -> String {
    let judged = sip::judge(bytes);
    let Some(message) = judged.message else {
        return "not readable".to_owned();
    };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (number, method) = message.cseq().unwrap_or((0, b""));
    let head = match message.start() {
        StartLine::Request { .. } => text(method),
        StartLine::Response { status, .. } => format!("{status} to {}", text(method)),
    };
    let body = if message.body().is_empty() {
        ""
    } else {
        " +SDP"
    };
    format!("{head} {number}{body}")
}
