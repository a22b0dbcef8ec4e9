//! One browser's event stream (server-sent events, WHATWG HTML section 9.2).

use std::convert::Infallible;
use std::sync::Arc;

use axum::response::sse::Event as Line;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, mpsc, watch};
use tokio::time::{Instant, interval_at};

use super::board::{Board, Told};
use crate::limits;

/// What a stream needs besides the board.
pub(crate) struct Watcher {
    /// Number of the last event the browser has, if it is from this start of the box.
    pub(crate) last: Option<u64>,
    /// Word that makes numbers of two starts different.
    pub(crate) boot: String,
    /// Turns true when the box stops.
    pub(crate) stop: watch::Receiver<bool>,
    /// Whether the session still stands; asked at each heartbeat.
    pub(crate) is_welcome: Box<dyn Fn() -> bool + Send + Sync>,
    /// The place among the streams, given back at the end.
    pub(crate) place: OwnedSemaphorePermit,
}

/// Feeds one stream until the browser leaves, the session ends or the box stops.
pub(crate) async fn follow(
    board: Arc<Board>,
    mut watcher: Watcher,
    lines: mpsc::Sender<Result<Line, Infallible>>,
) {
    let _place = watcher.place;
    let seat = board.seat(watcher.last);
    let mut coming = seat.coming;
    for told in &seat.missed {
        if lines.send(Ok(line(&watcher.boot, told))).await.is_err() {
            return;
        }
    }
    let mut heartbeat = interval_at(Instant::now() + limits::HEARTBEAT, limits::HEARTBEAT);
    loop {
        let next = tokio::select! {
            told = coming.recv() => match told {
                Ok(told) => line(&watcher.boot, &told),
                Err(RecvError::Lagged(_)) => {
                    // The seat is taken anew first, so that nothing falls after the snapshot.
                    coming = coming.resubscribe();
                    line(&watcher.boot, &board.snapshot())
                }
                Err(RecvError::Closed) => return,
            },
            _ = heartbeat.tick() => match (watcher.is_welcome)() {
                true => Line::default().comment("still here"),
                false => return,
            },
            _ = watcher.stop.wait_for(|stop| *stop) => return,
            () = lines.closed() => return,
        };
        if lines.send(Ok(next)).await.is_err() {
            return;
        }
    }
}

fn line(boot: &str, told: &Told) -> Line {
    Line::default()
        .id(format!("{boot}-{}", told.number))
        .event(told.name)
        .data(&told.data)
}
