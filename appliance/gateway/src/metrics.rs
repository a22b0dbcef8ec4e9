//! `/metrics`: the core's plain counters under Prometheus' names. Only this module knows them.
//!
//! Every figure is read from a snapshot at most a second old, so a scrape costs the calls nothing.

use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _, text};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use store::{OutboxState, Store};
use tokio::sync::watch;
use web::LinkView;

use crate::keeper::Kept;
use crate::local_audio::{Standings, encode_sounds};
use crate::snapshot::Snapshot;
use crate::speech_pool::SpeechStatus;

/// How often the outbox is counted.
const OUTBOX_INTERVAL: Duration = Duration::from_secs(1);

/// Where the figures come from.
#[derive(Clone, Debug)]
pub(crate) struct Sources {
    pub(crate) figures: watch::Receiver<Snapshot>,
    pub(crate) kept: watch::Receiver<Kept>,
    pub(crate) speech: watch::Receiver<SpeechStatus>,
    pub(crate) link: watch::Receiver<LinkView>,
    pub(crate) outbox: watch::Receiver<OutboxState>,
    pub(crate) store: Store,
    pub(crate) sounds: watch::Receiver<Standings>,
}

/// Counts the outbox each second until nobody reads it.
pub(crate) fn watch_outbox(store: Store) -> watch::Receiver<OutboxState> {
    let (state, seen) = watch::channel(OutboxState::default());
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(OUTBOX_INTERVAL);
        while !state.is_closed() {
            ticks.tick().await;
            // A store that does not answer shows in the keeper's failures.
            if let Ok(now) = store.outbox().await {
                state.send_replace(now);
            }
        }
    });
    seen
}

/// The page as a function, for the web server.
pub(crate) fn page(sources: Sources) -> impl Fn() -> String + Send + Sync {
    let mut registry = Registry::with_prefix("branchline");
    registry.register_collector(Box::new(sources));
    move || {
        let mut page = String::new();
        match text::encode(&mut page, &registry) {
            Ok(()) => page,
            Err(_) => "# figures could not be written\n".to_owned(),
        }
    }
}

impl Collector for Sources {
    fn encode(&self, mut to: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        self.calls(&mut to)?;
        self.sip(&mut to)?;
        self.gate(&mut to)?;
        self.media(&mut to)?;
        self.speech(&mut to)?;
        encode_sounds(&self.sounds.borrow(), &mut to)?;
        self.delivery(&mut to)
    }
}

type Encoded = Result<(), std::fmt::Error>;

impl Sources {
    fn calls(&self, to: &mut DescriptorEncoder<'_>) -> Encoded {
        let now = self.figures.borrow();
        let legs = &now.centre.switchboard;
        gauge(
            to,
            "calls_active",
            "Calls running now",
            now.centre.calls as f64,
        )?;
        counter(
            to,
            "calls_started",
            "Calls handed to a flow",
            legs.legs_started,
        )?;
        counter(
            to,
            "records_made",
            "Records emitted, one a call",
            now.centre.records,
        )?;
        family(
            to,
            "legs_ended",
            "Legs that ended, by cause",
            "cause",
            &legs.legs_ended,
        )?;
        let waiting = now.centre.queued.values().sum::<usize>();
        gauge(to, "queue_callers", "Callers waiting now", waiting as f64)?;
        gauge(
            to,
            "call_backs_promised",
            "Callers who are owed a call now",
            now.centre.call_backs as f64,
        )?;
        gauge(
            to,
            "phones_registered",
            "Phones registered now",
            legs.contacts as f64,
        )?;
        counter(
            to,
            "calls_refused_full",
            "Calls answered 503, all places taken",
            legs.refused.full,
        )?;
        gauge(
            to,
            "rtp_ports_in_use",
            "RTP ports out of the pool now",
            legs.ports_out as f64,
        )
    }

    fn sip(&self, to: &mut DescriptorEncoder<'_>) -> Encoded {
        let now = self.figures.borrow();
        let sip = &now.centre.switchboard.sip;
        counter(
            to,
            "sip_requests_received",
            "Requests received",
            sip.received.requests,
        )?;
        counter(
            to,
            "sip_responses_received",
            "Responses received",
            sip.received.responses,
        )?;
        counter(
            to,
            "sip_malformed",
            "Messages answered 400, 505 or 513",
            sip.received.malformed,
        )?;
        counter(
            to,
            "sip_dropped",
            "Messages dropped without an answer",
            sip.received.dropped,
        )?;
        counter(to, "sip_messages_sent", "Datagrams sent", sip.sent)?;
        counter(
            to,
            "sip_retransmissions_sent",
            "Of these, repeats",
            sip.retransmissions_sent,
        )?;
        counter(
            to,
            "sip_timeouts",
            "Transactions that timed out",
            sip.timeouts,
        )?;
        gauge(
            to,
            "sip_transactions",
            "Transactions held now",
            sip.transactions as f64,
        )?;
        gauge(to, "sip_dialogs", "Dialogs held now", sip.dialogs as f64)?;
        self.streams(to)
    }

    fn gate(&self, to: &mut DescriptorEncoder<'_>) -> Encoded {
        let now = self.figures.borrow();
        let gate = &now.centre.switchboard.gate;
        gauge(
            to,
            "bans",
            "Sources met with silence now",
            now.bans.len() as f64,
        )?;
        let counts = [
            ("sources_banned", "Bans since the start", gate.banned),
            (
                "banned_packets",
                "Requests of banned sources, not answered",
                gate.ignored_banned,
            ),
            (
                "calls_shed",
                "Calls not sent to a carrier that asked for fewer",
                now.centre.switchboard.shed,
            ),
            (
                "strangers_refused",
                "Requests answered 403",
                gate.refused_unknown + gate.refused_tries,
            ),
            (
                "strangers_challenged",
                "Requests answered 401",
                gate.challenged,
            ),
            (
                "wrong_credentials",
                "Requests with wrong credentials",
                gate.wrong_credentials,
            ),
        ];
        for (name, help, value) in counts {
            counter(to, name, help, value)?;
        }
        Ok(())
    }

    fn streams(&self, to: &mut DescriptorEncoder<'_>) -> Encoded {
        let streams = self.figures.borrow().streams;
        gauge(
            to,
            "sip_connections",
            "TCP and TLS connections now",
            streams.connections as f64,
        )?;
        let counts = [
            (
                "sip_connections_taken",
                "Connections that peers opened",
                streams.taken,
            ),
            (
                "sip_connections_refused",
                "Connections refused for lack of room",
                streams.refused,
            ),
            (
                "sip_connections_opened",
                "Connections that the box opened",
                streams.opened,
            ),
            (
                "sip_connections_failed",
                "Connections that could not be opened",
                streams.failed,
            ),
            (
                "sip_handshakes_failed",
                "TLS handshakes that failed",
                streams.handshakes_failed,
            ),
            (
                "sip_connections_deaf",
                "Connections whose peer did not read",
                streams.deaf,
            ),
        ];
        for (name, help, value) in counts {
            counter(to, name, help, value)?;
        }
        Ok(())
    }

    fn media(&self, to: &mut DescriptorEncoder<'_>) -> Encoded {
        let now = self.figures.borrow();
        let media = &now.media;
        gauge(to, "rtp_streams", "Streams open now", media.open as f64)?;
        counter(
            to,
            "rtp_packets_received",
            "RTP and RTCP packets received",
            media.packets_in,
        )?;
        counter(
            to,
            "rtp_packets_sent",
            "RTP and RTCP packets sent",
            media.packets_out,
        )?;
        counter(
            to,
            "rtp_socket_errors",
            "Packets the system would not send",
            media.socket_errors,
        )?;
        counter(
            to,
            "media_overruns",
            "Turns of 20 ms left out, over 200 ms late",
            media.overruns,
        )?;
        counter(
            to,
            "media_lost",
            "Streams taken by faults of the media plane itself",
            media.lost,
        )?;
        gauge(
            to,
            "media_realtime",
            "1 while media has real-time priority",
            f64::from(u8::from(media.is_realtime)),
        )?;
        gauge(
            to,
            "media_alive",
            "1 while the media thread runs",
            f64::from(u8::from(media.is_alive)),
        )
    }

    fn speech(&self, to: &mut DescriptorEncoder<'_>) -> Encoded {
        let now = self.speech.borrow();
        let ready = u8::from(!now.engine.is_empty());
        gauge(
            to,
            "speech_ready",
            "1 while the speech process listens",
            f64::from(ready),
        )?;
        counter(
            to,
            "speech_restarts",
            "Times the speech process was started again",
            now.restarts,
        )?;
        counter(to, "speech_phrases", "Phrases understood", now.phrases)?;
        counter(
            to,
            "speech_dropped",
            "Frames and phrases it could not take",
            now.dropped,
        )?;
        gauge(
            to,
            "asr_lag_seconds",
            "Age of the oldest waiting phrase",
            now.lag_ms as f64 / 1e3,
        )?;
        let bytes = now.rss_kb as f64 * 1024.0;
        gauge(
            to,
            "speech_memory_bytes",
            "Resident memory of the speech process",
            bytes,
        )
    }

    fn delivery(&self, to: &mut DescriptorEncoder<'_>) -> Encoded {
        let outbox = *self.outbox.borrow();
        let kept = *self.kept.borrow();
        counter(
            to,
            "records_committed",
            "Records committed since start",
            kept.records,
        )?;
        counter(
            to,
            "standings_written",
            "How often what outlives calls was written since start",
            self.store.standings(),
        )?;
        counter(
            to,
            "store_failures",
            "Writes that failed and were tried again",
            kept.failures,
        )?;
        let black_box = self.figures.borrow().black_box;
        gauge(
            to,
            "black_box_recording",
            "1 while the black box records; else it waits for a moment without calls",
            f64::from(u8::from(black_box.is_recording)),
        )?;
        gauge(
            to,
            "black_box_bytes",
            "Size of the file that the black box writes now",
            black_box.bytes as f64,
        )?;
        counter(
            to,
            "black_box_files",
            "Files of the black box begun since start",
            black_box.files,
        )?;
        counter(
            to,
            "black_box_gaps",
            "How often the black box ended before a moment without calls came",
            black_box.gaps,
        )?;
        gauge(
            to,
            "outbox_unacked_records",
            "Rows central has not acknowledged",
            outbox.depth as f64,
        )?;
        let age = outbox.oldest_age_ms(crate::unix_ms()) as f64 / 1e3;
        gauge(
            to,
            "outbox_oldest_age_seconds",
            "Age of the oldest of them",
            age,
        )?;
        gauge(
            to,
            "outbox_dead_letters",
            "Rows central rejected",
            outbox.dead_letters as f64,
        )?;
        let connected = u8::from(self.link.borrow().connected);
        gauge(
            to,
            "link_connected",
            "1 while the broker is connected",
            f64::from(connected),
        )
    }
}

fn counter(to: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: u64) -> Encoded {
    let metric = ConstCounter::new(value);
    metric.encode(to.encode_descriptor(name, help, None, metric.metric_type())?)
}

fn gauge(to: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: f64) -> Encoded {
    let metric = ConstGauge::new(value);
    metric.encode(to.encode_descriptor(name, help, None, metric.metric_type())?)
}

/// One counter a label value.
fn family<'a>(
    to: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    label: &'a str,
    values: impl IntoIterator<Item = (&'a &'static str, &'a u64)>,
) -> Encoded {
    let kind = ConstCounter::new(0_u64).metric_type();
    let mut family = to.encode_descriptor(name, help, None, kind)?;
    for (word, value) in values {
        ConstCounter::new(*value).encode(family.encode_family(&[(label, *word)])?)?;
    }
    Ok(())
}
