//! RTCP of one stream: when a report is due, what the peer's reports said.

use std::time::{Duration, Instant};

use crate::limits::RTCP_INTERVAL;
use crate::reception::ReportBlock;
use crate::rtcp::{self, CNAME, Compound, Item, RtcpError, Sent, VoipMetrics};

use super::StreamSeed;
use super::outbound::SentSoFar;

/// A round trip above this is a peer that echoes nonsense.
const MAX_ROUND_TRIP_S: i32 = 60;
const HEX: &[u8; 16] = b"0123456789abcdef";

#[derive(Clone, Debug)]
pub(super) struct Reports {
    started: Instant,
    ntp: u64,
    cname: [u8; CNAME],
    random: u64,
    due: Instant,
    waiting: Option<Compound>,
    /// Middle 32 bits of the peer's last sender report, and when it came.
    last_sr: Option<(u32, Instant)>,
    remote_loss: f32,
    remote_mos: Option<f32>,
    round_trip_ms: Option<f32>,
}

impl Reports {
    pub(super) fn new(now: Instant, seed: &StreamSeed) -> Self {
        let mut cname = [0; CNAME];
        let random = seed.random.iter().skip(10);
        for (pair, byte) in cname.chunks_exact_mut(2).zip(random) {
            let nibbles = [byte >> 4, byte & 0x0F];
            for (place, nibble) in pair.iter_mut().zip(nibbles) {
                *place = HEX.get(usize::from(nibble)).copied().unwrap_or(b'0');
            }
        }
        let mut reports = Self {
            started: now,
            ntp: seed.ntp,
            cname,
            random: seed
                .random
                .iter()
                .fold(1, |all, byte| all << 7 ^ all >> 57 ^ u64::from(*byte)),
            due: now,
            waiting: None,
            last_sr: None,
            remote_loss: 0.0,
            remote_mos: None,
            round_trip_ms: None,
        };
        // The first report comes after half the usual time (RFC 3550 section 6.2).
        reports.due = now + reports.interval() / 2;
        reports
    }

    /// When the next report is to be made.
    pub(super) fn due(&self) -> Instant {
        self.due
    }

    /// Makes the report for `now` and sets the time of the next one.
    pub(super) fn make(
        &mut self,
        now: Instant,
        ssrc: u32,
        sent: Option<SentSoFar>,
        (block, voip): (Option<ReportBlock>, Option<VoipMetrics>),
        bye: bool,
    ) {
        let (last_sr, delay_since_sr) = self.last_sr.map_or((0, 0), |(sr, at)| {
            (sr, middle(as_ntp(now.saturating_duration_since(at))))
        });
        self.waiting = Some(Compound {
            ssrc,
            sent: sent.map(|sent| Sent {
                ntp: self.ntp_at(now),
                rtp: sent.timestamp,
                packets: sent.packets,
                octets: sent.octets,
            }),
            block: block.map(|block| ReportBlock {
                last_sr,
                delay_since_sr,
                ..block
            }),
            voip,
            cname: self.cname,
            bye,
        });
        self.due = now + self.interval();
    }

    pub(super) fn poll(&mut self, out: &mut [u8]) -> Option<usize> {
        self.waiting.take()?.write(out)
    }

    /// Takes a compound of the peer's; `ssrc` is ours.
    pub(super) fn take(&mut self, now: Instant, bytes: &[u8], ssrc: u32) -> Result<(), RtcpError> {
        rtcp::read(bytes, |item| match item {
            Item::Sender { ntp, .. } => self.last_sr = Some((middle(ntp), now)),
            Item::Block(block) if block.ssrc == ssrc => self.take_block(now, &block),
            Item::Score { ssrc: about, mos } if about == ssrc => self.remote_mos = Some(mos),
            // Goodbyes are SIP's to act on.
            Item::Block(_) | Item::Score { .. } | Item::Bye { .. } => {}
        })
    }

    pub(super) fn remote_loss(&self) -> f32 {
        self.remote_loss
    }

    pub(super) fn remote_mos(&self) -> Option<f32> {
        self.remote_mos
    }

    pub(super) fn round_trip_ms(&self) -> Option<f32> {
        self.round_trip_ms
    }

    /// RFC 3550 section 6.4.1: now less the sending of our report less the peer's holding of it.
    fn take_block(&mut self, now: Instant, block: &ReportBlock) {
        self.remote_loss = f32::from(block.fraction_lost) / 256.0;
        if block.last_sr == 0 {
            return;
        }
        let since = middle(self.ntp_at(now)).wrapping_sub(block.last_sr);
        let trip = since.wrapping_sub(block.delay_since_sr) as i32;
        if (0..MAX_ROUND_TRIP_S << 16).contains(&trip) {
            self.round_trip_ms = Some(trip as f32 * 1_000.0 / 65_536.0);
        }
    }

    fn ntp_at(&self, now: Instant) -> u64 {
        self.ntp
            .wrapping_add(as_ntp(now.saturating_duration_since(self.started)))
    }

    /// Half to one and a half of the mean, so that streams do not report in step.
    fn interval(&mut self) -> Duration {
        // SplitMix64; nothing secret hangs on it.
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.random ^ (self.random >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let part = (mixed >> 40) as f64 / (1u64 << 24) as f64;
        RTCP_INTERVAL.mul_f64(0.5 + part)
    }
}

fn as_ntp(time: Duration) -> u64 {
    let fraction = (u64::from(time.subsec_nanos()) << 32) / 1_000_000_000;
    (time.as_secs() << 32) | fraction
}

fn middle(ntp: u64) -> u32 {
    (ntp >> 16) as u32
}
