//! Banned sources for the page, lifted when that is wished.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use centre::{BanReason, BanView};
use tokio::sync::mpsc;

use crate::town::now;

type Bans = Arc<dyn Fn() -> Vec<BanView> + Send + Sync>;

/// Some bans, and where they are lifted.
pub(crate) fn standing() -> (Bans, mpsc::Sender<IpAddr>) {
    let bans = Arc::new(Mutex::new(some()));
    let (lifts, mut lifted) = mpsc::channel::<IpAddr>(4);
    let kept = Arc::clone(&bans);
    tokio::spawn(async move {
        while let Some(source) = lifted.recv().await {
            let mut bans = kept.lock().unwrap_or_else(PoisonError::into_inner);
            bans.retain(|ban| ban.source != source);
        }
    });
    let list = move || bans.lock().unwrap_or_else(PoisonError::into_inner).clone();
    (Arc::new(list), lifts)
}

fn some() -> Vec<BanView> {
    let now = now();
    let ban = |source: [u8; 4], why, minutes: i64, times, ignored| BanView {
        source: IpAddr::from(source),
        why,
        since: now - minutes * 60_000,
        until: now + 600_000,
        times,
        ignored,
    };
    vec![
        ban([198, 51, 100, 23], BanReason::Guessing, 31, 3, 1_204),
        ban([203, 0, 113, 66], BanReason::Scanner, 2, 1, 87),
    ]
}
