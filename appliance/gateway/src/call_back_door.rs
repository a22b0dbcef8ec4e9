//! Hands a supervisor's wish to take a call-back back to the loop that owns all calls.

use centre::Input;
use tokio::sync::mpsc;
use uuid::Uuid;

/// Wishes waiting to be told to the loop; one more is answered that the box is busy.
const CANCELS: usize = 16;

/// Takes wishes until the web server is gone.
pub(crate) fn open(inputs: mpsc::Sender<Input>) -> mpsc::Sender<Uuid> {
    let (cancels, mut cancelled) = mpsc::channel(CANCELS);
    tokio::spawn(async move {
        while let Some(call) = cancelled.recv().await {
            // Closed only while the box stops: it calls nobody back any more.
            let _ = inputs.send(Input::CancelCallBack { call }).await;
        }
    });
    cancels
}
