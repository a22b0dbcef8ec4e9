//! The streams of the legs: what the owner asks of them and what the media plane says.

use std::time::Instant;

use media::{StreamCommand, StreamEvent, StreamId};

use super::{Parting, Switchboard};
use crate::cause::Cause;
use crate::event::LegEvent;
use crate::leg::{DigitRoad, LegId};

impl Switchboard {
    /// Takes one event of the media plane.
    pub fn handle_stream(&mut self, now: Instant, event: StreamEvent) {
        let Some(leg) = self.index.streams.get(&event.stream()).copied() else {
            self.stats.refused.stray_stream_events += 1;
            return;
        };
        match event {
            StreamEvent::Closed { .. } | StreamEvent::Recorded { .. } => {
                if let Some(stream) = self.legs.get_mut(&leg).and_then(|l| l.stream.as_mut()) {
                    stream.note_end(event);
                }
                self.settle(now, leg, false);
            }
            _ if !self.legs.get(&leg).is_some_and(|l| l.is_running()) => {
                self.stats.refused.stray_stream_events += 1;
            }
            StreamEvent::Digit { digit, .. } => self.press(now, leg, digit, DigitRoad::Rtp),
            StreamEvent::PlayDone { id, .. } => {
                // The end of an older list, which was under way as the present one began.
                let stream = self.legs.get(&leg).and_then(|l| l.stream.as_ref());
                if stream.is_some_and(|s| s.plays == id) {
                    self.events.push_back(LegEvent::PlayDone { leg });
                }
            }
            StreamEvent::MissingPrompt { prompt, .. } => {
                self.stats.refused.missing_prompts += 1;
                tracing::warn!(%leg, prompt, "the media plane has no such prompt");
            }
            StreamEvent::MediaTimeout { .. } => self.media_timeout(now, leg),
            StreamEvent::Lost { .. } => {
                tracing::error!(%leg, "the media plane failed in the leg's stream");
                self.finish(now, leg, Cause::MediaLost, Parting::Speak);
                self.drain(now);
            }
            StreamEvent::OneWay { since_ms, .. } => {
                tracing::warn!(%leg, since_ms, "one-way audio: nothing is heard of the party");
            }
            StreamEvent::Flowing { .. } => tracing::info!(%leg, "the party is heard again"),
        }
    }

    /// Plays `prompts` in order, over and over when `repeat`; replaces what plays.
    pub fn play(&mut self, leg: LegId, prompts: Vec<String>, repeat: bool) {
        let id = self.next_play(leg);
        self.command(leg, |stream| StreamCommand::Play {
            stream,
            id,
            prompts,
            repeat,
        });
    }

    /// Falls silent; no `PlayDone` follows.
    pub fn stop_play(&mut self, leg: LegId) {
        self.next_play(leg);
        self.command(leg, |stream| StreamCommand::StopPlay { stream });
    }

    /// Records both directions into `file`, below the recordings folder.
    pub fn record(&mut self, leg: LegId, file: String) {
        self.command(leg, |stream| StreamCommand::Record { stream, file });
        if let Some(stream) = self.legs.get_mut(&leg).and_then(|l| l.stream.as_mut()) {
            stream.recording |= stream.spec.is_some();
        }
    }

    /// Hands the caller's sound to speech, or no more. The end of the leg ends the tap too.
    pub fn tap(&mut self, leg: LegId, on: bool) {
        self.command(leg, |stream| StreamCommand::Tap { stream, on });
        if let Some(stream) = self.legs.get_mut(&leg).and_then(|l| l.stream.as_mut()) {
            stream.tapped = on && stream.spec.is_some();
        }
    }

    /// A key of a party, by RTP or by INFO.
    pub(super) fn press(&mut self, now: Instant, leg: LegId, digit: char, road: DigitRoad) {
        let Some(stream) = self.legs.get_mut(&leg).and_then(|l| l.stream.as_mut()) else {
            return;
        };
        if !stream.takes_digit(road) {
            self.stats.refused.doubled_digits += 1;
            return;
        }
        self.events.push_back(LegEvent::Digit { leg, digit });
        self.relay_digit(now, leg, digit, road);
    }

    /// No RTP came for long: the caller is gone, unless it said that it would be silent.
    fn media_timeout(&mut self, now: Instant, leg: LegId) {
        let silent = self
            .legs
            .get(&leg)
            .and_then(|l| l.stream.as_ref())
            .is_some_and(|s| s.is_silent());
        if !silent {
            self.finish(now, leg, Cause::MediaTimeout, Parting::Speak);
            self.drain(now);
        }
    }

    /// Numbers what plays from now on: the end of what played before is nobody's any more.
    pub(super) fn next_play(&mut self, leg: LegId) -> u32 {
        let Some(stream) = self.legs.get_mut(&leg).and_then(|l| l.stream.as_mut()) else {
            return 0;
        };
        stream.plays = stream.plays.wrapping_add(1);
        stream.plays
    }

    pub(super) fn command(&mut self, leg: LegId, make: impl FnOnce(StreamId) -> StreamCommand) {
        if let Some(stream) = self.legs.get(&leg).and_then(|l| l.open_stream()) {
            self.commands.push_back(make(stream));
        }
    }
}
