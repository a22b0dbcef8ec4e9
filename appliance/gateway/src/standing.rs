//! What outlives calls, on its way to the disk and back: agents signed in, phones registered,
//! call-backs promised, bans, money spent.
//!
//! The control loop asks it each second; it takes the value only when something changed, and so
//! seldom that taking it never costs calls more than a two-hundredth of the loop's time. The keeper
//! writes it, the store keeps it in sled. At a start it is read back; what cannot be read is said
//! and left aside: no box stays down for want of it.

use std::time::{Duration, Instant};

use centre::record::UnixMillis;
use centre::{Centre, Standing};
use tokio::sync::mpsc;
use tracing::{info, warn};

use crate::keeper::Keep;

/// Shortest time between two values: what a power cut may cost of them.
const EVERY: Duration = Duration::from_millis(900);
/// How many times longer than taking a value took the pause after it is at least.
const SHARE: u32 = 200;

/// When what stands was taken last, and what had changed by then.
#[derive(Debug)]
pub(crate) struct Stand {
    seen: Option<[u64; 5]>,
    next: Instant,
    is_over: bool,
}

impl Stand {
    /// Nothing was taken yet.
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            seen: None,
            next: now,
            is_over: false,
        }
    }

    /// Hands the keeper what stands, where it changed and it is time.
    pub(crate) fn keep(&mut self, now: Instant, centre: &Centre, keep: &mpsc::Sender<Keep>) {
        let changes = centre.changes();
        if self.is_over || now < self.next || self.seen == Some(changes) {
            return;
        }
        if keep.try_send(taken(now, centre)).is_ok() {
            self.seen = Some(changes);
        }
        self.next = now + EVERY.max(now.elapsed().saturating_mul(SHARE));
    }

    /// The box is about to stop and to let everything go: what stands now is the last that counts.
    pub(crate) async fn last(
        &mut self,
        now: Instant,
        centre: &Centre,
        keep: &mpsc::Sender<Keep>,
    ) -> anyhow::Result<()> {
        if !std::mem::replace(&mut self.is_over, true) {
            keep.send(taken(now, centre)).await?;
        }
        Ok(())
    }
}

fn taken(now: Instant, centre: &Centre) -> Keep {
    Keep::Standing(Box::new(centre.standing(now).for_restart()))
}

/// What the last life left, where it can be read.
pub(crate) fn read(written: Option<&[u8]>, unix_ms: UnixMillis) -> Option<Standing> {
    match Standing::from_bytes(written?) {
        Ok(standing) => {
            let age_s = unix_ms.saturating_sub(standing.unix_ms()) / 1_000;
            info!(
                age_s,
                "agents, phones, call-backs and bans are as they were"
            );
            Some(standing)
        }
        Err(why) => {
            warn!(
                %why,
                "what was kept of agents, phones, call-backs and bans is left aside, \
                 the box begins without it"
            );
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_damaged_or_foreign_is_left_aside() {
        for written in [&b""[..], b"{", b"{\"form\":99}", b"\x00\xff", b"[1,2]"] {
            assert!(read(Some(written), 0).is_none());
        }
        assert!(read(None, 0).is_none());
    }
}
