//! One connection: what came is cut into messages for the loop, what the loop queued is written.
//!
//! One task for each, TCP and TLS alike. It keeps the patience of `limits` with its peer and ends at the
//! first breach; it never decides anything about a message.

use std::convert::Infallible;

use sip::{Frame, Peer, StreamReader};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use super::limits::{
    FIRST_WORD, LAST_WORD, MESSAGE_PATIENCE, PING_EVERY, PONG_PATIENCE, READ_CHUNK, SILENCE,
    WRITE_PATIENCE,
};
use super::places::Place;
use super::{Arrival, WireId};

const PING: &[u8] = b"\r\n\r\n";
const PONG: &[u8] = b"\r\n";

/// What a connection's task needs besides the stream.
#[derive(Debug)]
pub(super) struct Wire {
    pub(super) id: WireId,
    pub(super) peer: Peer,
    /// Whether we opened it, which makes the pings ours (RFC 5626 4.4).
    pub(super) is_ours: bool,
    pub(super) outgoing: mpsc::Receiver<Vec<u8>>,
    pub(super) arrivals: mpsc::Sender<Arrival>,
    pub(super) place: Place,
}

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum End {
    #[error("the peer closed it")]
    Closed,
    #[error("we are done with it")]
    Dropped,
    #[error("{0}")]
    Broken(#[from] std::io::Error),
    #[error("no message came in time")]
    Silent,
    #[error("a message began and did not end in time")]
    Stalled,
    #[error("the peer does not read")]
    Deaf,
    #[error("what came is no SIP: {0}")]
    Nonsense(String),
}

/// Serves `stream` until it ends.
pub(super) async fn serve<S: AsyncRead + AsyncWrite>(stream: S, wire: &mut Wire) -> End {
    let (read, write) = tokio::io::split(stream);
    let mut line = Line {
        write,
        reader: StreamReader::default(),
        clock: Clock::new(wire.is_ours),
    };
    let Err(end) = line.run(read, wire).await;
    // A TLS peer is told that this is no accident; one that does not listen is not waited for.
    let _ = timeout(LAST_WORD, line.write.shutdown()).await;
    end
}

struct Line<S> {
    write: WriteHalf<S>,
    reader: StreamReader,
    clock: Clock,
}

impl<S: AsyncRead + AsyncWrite> Line<S> {
    async fn run(&mut self, mut read: ReadHalf<S>, wire: &mut Wire) -> Result<Infallible, End> {
        let mut chunk = vec![0; READ_CHUNK];
        loop {
            tokio::select! {
                length = read.read(&mut chunk) => match length? {
                    0 => return Err(End::Closed),
                    length => self.take(chunk.get(..length).unwrap_or_default(), wire).await?,
                },
                message = wire.outgoing.recv() => {
                    let message = message.ok_or(End::Dropped)?;
                    self.send(&message).await?;
                    self.clock.spoke();
                }
                () = tokio::time::sleep_until(self.clock.next()) => self.wake().await?,
            }
        }
    }

    /// Cuts what was read into frames. A full arrivals queue makes this peer wait, nobody else.
    async fn take(&mut self, bytes: &[u8], wire: &mut Wire) -> Result<(), End> {
        self.reader.push(bytes);
        self.clock.heard();
        let mut pongs = 0;
        while let Some(frame) = self.reader.next_frame() {
            let (message, nonsense) = match frame {
                Ok(Frame::Message(bytes)) => (Some(bytes), None),
                Ok(Frame::Ping) => {
                    pongs += 1;
                    continue;
                }
                Ok(Frame::Pong) => {
                    self.clock.ponged();
                    continue;
                }
                Err(fault) => (fault.head(), Some(fault.to_string())),
            };
            if let Some(bytes) = message {
                wire.place.prove();
                self.clock.proved();
                let (from, bytes) = (wire.peer, bytes.to_vec());
                let told = wire.arrivals.send(Arrival::Message { from, bytes });
                told.await.map_err(|_| End::Dropped)?;
            }
            if let Some(why) = nonsense {
                if message.is_some() {
                    self.farewell(wire).await?;
                }
                return Err(End::Nonsense(why));
            }
        }
        let is_within = self.reader.is_within_message();
        self.clock.within(is_within);
        for _ in 0..pongs {
            self.send(PONG).await?;
        }
        Ok(())
    }

    /// The stream lost its step: the answer to what broke it is still written.
    async fn farewell(&mut self, wire: &mut Wire) -> Result<(), End> {
        if let Ok(Some(answer)) = timeout(LAST_WORD, wire.outgoing.recv()).await {
            self.send(&answer).await?;
        }
        Ok(())
    }

    async fn wake(&mut self) -> Result<(), End> {
        if let Some(end) = self.clock.breach() {
            return Err(end);
        }
        self.reader.expect_pong();
        self.clock.pinged();
        self.send(PING).await
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<(), End> {
        let written = async {
            self.write.write_all(bytes).await?;
            self.write.flush().await
        };
        match timeout(WRITE_PATIENCE, written).await {
            Ok(written) => Ok(written?),
            Err(_) => Err(End::Deaf),
        }
    }
}

/// The patience of one connection.
struct Clock {
    /// When silence ends it: soon, before the first message of a peer that came to us.
    silence: Instant,
    is_proved: bool,
    /// When the message under way must be whole.
    message: Option<Instant>,
    ping: Option<Instant>,
    pong: Option<Instant>,
    has_ponged: bool,
}

impl Clock {
    fn new(is_ours: bool) -> Self {
        let now = Instant::now();
        Self {
            silence: now + if is_ours { SILENCE } else { FIRST_WORD },
            is_proved: is_ours,
            message: None,
            ping: is_ours.then(|| now + PING_EVERY),
            pong: None,
            has_ponged: false,
        }
    }

    fn next(&self) -> Instant {
        [self.message, self.ping, self.pong]
            .into_iter()
            .flatten()
            .fold(self.silence, Instant::min)
    }

    /// Bytes came: whatever they are, the connection stands.
    fn heard(&mut self) {
        self.pong = None;
        if self.is_proved {
            self.silence = Instant::now() + SILENCE;
        }
    }

    fn spoke(&mut self) {
        if self.is_proved {
            self.silence = Instant::now() + SILENCE;
        }
    }

    fn proved(&mut self) {
        self.is_proved = true;
        self.silence = Instant::now() + SILENCE;
        self.message = None;
    }

    fn within(&mut self, is_within: bool) {
        if !is_within {
            self.message = None;
        } else if self.message.is_none() {
            self.message = Some(Instant::now() + MESSAGE_PATIENCE);
        }
    }

    fn ponged(&mut self) {
        self.has_ponged = true;
    }

    /// A peer that never answered a ping may not know them; the kernel's probes watch that one.
    fn pinged(&mut self) {
        let now = Instant::now();
        self.ping = Some(now + PING_EVERY);
        self.pong = self.has_ponged.then(|| now + PONG_PATIENCE);
    }

    /// What the peer failed to do in time.
    fn breach(&self) -> Option<End> {
        let now = Instant::now();
        let is_due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        if is_due(self.message) {
            Some(End::Stalled)
        } else if is_due(self.pong) || self.silence <= now {
            Some(End::Silent)
        } else {
            None
        }
    }
}
