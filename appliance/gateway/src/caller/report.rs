//! What became of the call, for a person or as one JSON object.

use std::io::Write as _;
use std::time::Instant;

use super::Outcome;
use super::line::HeardBack;

/// What the caller saw.
pub(super) struct Report {
    began: Instant,
    answered_at: Option<Instant>,
    pub(super) answered: bool,
    call_id: String,
    refused: Option<(u16, String)>,
    ended_by: &'static str,
    talk: f64,
    heard: HeardBack,
}

impl Report {
    pub(super) fn begin(call_id: String) -> Self {
        Self {
            began: Instant::now(),
            answered_at: None,
            answered: false,
            call_id,
            refused: None,
            ended_by: "nobody",
            talk: 0.0,
            heard: HeardBack::default(),
        }
    }

    pub(super) fn answer(&mut self) {
        self.answered = true;
        self.answered_at = Some(Instant::now());
    }

    pub(super) fn refuse(&mut self, status: u16, reason: String) {
        self.refused = Some((status, reason));
    }

    pub(super) fn hang_up(&mut self, by_peer: bool, heard: HeardBack) {
        self.ended_by = if by_peer { "box" } else { "caller" };
        self.talk = self
            .answered_at
            .map_or(0.0, |at| at.elapsed().as_secs_f64());
        self.heard = heard;
    }

    pub(super) fn outcome(&self) -> Outcome {
        Outcome {
            refused: self.refused.as_ref().map(|(status, _)| *status),
            sound_ms: self.heard.sound_ms,
        }
    }

    pub(super) fn print(&self, json: bool) -> std::io::Result<()> {
        let mut out = std::io::stdout().lock();
        if json {
            let status = self.refused.as_ref().map(|(status, _)| *status);
            let object = serde_json::json!({
                "answered": self.answered,
                "status": status,
                "sip_call_id": self.call_id,
                "ended_by": self.ended_by,
                "talk_seconds": (self.talk * 100.0).round() / 100.0,
                "packets": self.heard.packets,
                "sound_ms": self.heard.sound_ms,
            });
            return writeln!(out, "{object}");
        }
        match &self.refused {
            Some((status, reason)) => writeln!(out, "refused  {status} {reason}"),
            None => writeln!(
                out,
                "answered after {:.2} s, talked {:.1} s, heard {:.1} s of sound in {} packets, ended by the {}",
                self.answered_at
                    .map_or(0.0, |at| at.duration_since(self.began).as_secs_f64()),
                self.talk,
                self.heard.sound_ms as f64 / 1000.0,
                self.heard.packets,
                self.ended_by,
            ),
        }
    }
}
