//! Hands an administrator's wish to lift a ban to the loop that owns all calls.

use std::net::IpAddr;

use centre::Input;
use tokio::sync::mpsc;

/// Bans to be lifted waiting to be told to the loop; one more is answered that the box is busy.
const LIFTS: usize = 16;

/// Takes wishes until the web server is gone.
pub(crate) fn open(inputs: mpsc::Sender<Input>) -> mpsc::Sender<IpAddr> {
    let (lifts, mut lifted) = mpsc::channel(LIFTS);
    tokio::spawn(async move {
        while let Some(source) = lifted.recv().await {
            // Closed only while the box stops: it answers nobody any more.
            let _ = inputs.send(Input::LiftBan { source }).await;
        }
    });
    lifts
}
