//! What every request shares, and the pump that carries the box's events to the board.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use centre::event::Event;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Mutex, Semaphore, watch};
use uuid::Uuid;

use crate::live::{Board, News};
use crate::sign_in::SignIn;
use crate::wire::calls::RecordView;
use crate::{Doors, Image, WebConfig, WebError, limits};

/// Cheap to clone: one per request.
pub(crate) type App = Arc<Shared>;

/// What every request shares.
pub(crate) struct Shared {
    pub(crate) doors: Doors,
    pub(crate) recordings: PathBuf,
    pub(crate) image: Option<Image>,
    pub(crate) sign_in: SignIn,
    pub(crate) board: Arc<Board>,
    /// Tells event numbers of this start from those of another.
    pub(crate) boot: String,
    pub(crate) streams: Arc<Semaphore>,
    pub(crate) listeners: Arc<Semaphore>,
    /// One Apply or Undo at a time, so that the base version is compared and replaced as one act.
    pub(crate) applying: Mutex<()>,
    stop: watch::Sender<bool>,
}

impl Shared {
    /// Reads what it needs; gives the one-time code of a first start.
    pub(crate) async fn open(
        config: WebConfig,
        doors: Doors,
    ) -> Result<(App, Option<String>), WebError> {
        let (sign_in, code) = SignIn::open(doors.store.clone(), &config.data_dir)
            .await
            .map_err(|error| WebError::SignIn(error.to_string()))?;
        let board = Arc::new(Board::new(&doors.live.borrow()));
        let boot = Uuid::from_bytes(
            crate::sign_in::random().map_err(|error| WebError::SignIn(error.to_string()))?,
        );
        let shared = Self {
            recordings: config.recordings,
            image: config.image,
            sign_in,
            board,
            boot: boot.simple().to_string(),
            streams: Arc::new(Semaphore::new(limits::EVENT_STREAMS)),
            listeners: Arc::new(Semaphore::new(limits::RECORDING_STREAMS)),
            applying: Mutex::new(()),
            stop: watch::Sender::new(false),
            doors,
        };
        Ok((Arc::new(shared), code))
    }

    /// The session of a cookie's token, now.
    pub(crate) fn session(&self, token: &str) -> Option<crate::sign_in::Session> {
        self.sign_in.session(Instant::now(), token)
    }

    /// Ends the event streams, so that a stop need not wait for browsers.
    pub(crate) fn stop(&self) {
        self.stop.send_replace(true);
    }

    pub(crate) fn stopping(&self) -> watch::Receiver<bool> {
        self.stop.subscribe()
    }

    /// Carries the box's events to the board, and says when an ended call's record is saved.
    pub(crate) async fn pump(self: Arc<Self>) {
        let mut events = self.doors.events.subscribe();
        // The calls may have changed between the first look and the subscription.
        self.board.reset(&self.doors.live.borrow().clone());
        let mut commits = self.doors.store.new_rows();
        let mut live = self.doors.live.clone();
        let mut unsaved: VecDeque<Uuid> = VecDeque::new();
        // The list may be a moment older than the events: the next one mends what that spoiled.
        let mut is_stale = true;
        loop {
            tokio::select! {
                event = events.recv() => match event {
                    Ok(event) => {
                        self.board.hear(&event);
                        if let Event::Ended { call, .. } = event {
                            if unsaved.len() >= limits::UNSAVED {
                                unsaved.pop_front();
                            }
                            unsaved.push_back(call);
                            self.tell_saved(&mut unsaved).await;
                        }
                    }
                    Err(RecvError::Lagged(_)) => {
                        let now = live.borrow_and_update().clone();
                        self.board.reset(&now);
                        is_stale = true;
                    }
                    Err(RecvError::Closed) => return,
                },
                Ok(()) = live.changed(), if is_stale => {
                    is_stale = false;
                    let now = live.borrow_and_update().clone();
                    self.board.reset(&now);
                }
                changed = commits.changed() => match changed {
                    Ok(()) => self.tell_saved(&mut unsaved).await,
                    Err(_) => return,
                },
            }
        }
    }

    async fn tell_saved(&self, unsaved: &mut VecDeque<Uuid>) {
        if !self.board.is_heard() {
            return unsaved.clear();
        }
        for _ in 0..unsaved.len() {
            let Some(id) = unsaved.pop_front() else {
                return;
            };
            match self.doors.store.record(id).await {
                Ok(Some(record)) => {
                    let record = Box::new(RecordView::from(&record));
                    self.board.announce(&News::Saved { record });
                }
                _ => unsaved.push_back(id),
            }
        }
    }
}
