//! Hands what agents wish on the page to the loop that owns all calls.

use centre::Input;
use tokio::sync::mpsc;
use web::AgentWish;

/// Wishes of agents waiting to be told to the loop; one more is answered that the box is busy.
const AGENT_WISHES: usize = 64;

/// Takes wishes until the web server is gone.
pub(crate) fn open(inputs: mpsc::Sender<Input>) -> mpsc::Sender<AgentWish> {
    let (agents, mut wishes) = mpsc::channel(AGENT_WISHES);
    tokio::spawn(async move {
        while let Some(AgentWish { agent, act }) = wishes.recv().await {
            // Closed only while the box stops: nobody signs in any more.
            let _ = inputs.send(Input::Agent { agent, act }).await;
        }
    });
    agents
}
