//! Hands what agents wish on the page to the loop that owns all calls.

use centre::Input;
use tokio::sync::mpsc;
use web::AgentWish;

/// Serves wishes until the web server is gone.
pub(crate) async fn serve(mut wishes: mpsc::Receiver<AgentWish>, inputs: mpsc::Sender<Input>) {
    while let Some(AgentWish { agent, act }) = wishes.recv().await {
        // Closed only while the box stops: nobody signs in any more.
        let _ = inputs.send(Input::Agent { agent, act }).await;
    }
}
