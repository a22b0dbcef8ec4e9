//! The told agents, queues and call-backs: they stand where they are told, and do what is wished at
//! once.

use centre::event::Event;
use centre::{AgentAct, AgentState, AgentView, CallBackView, PauseWhy, QueueView};
use tokio::sync::{broadcast, mpsc};
use uuid::Uuid;
use web::AgentWish;

use crate::town::now;

/// Five agents, one in each state that can be seen at rest.
pub(crate) fn agents() -> Vec<AgentView> {
    let at = |agent: &str, name: &str, state: AgentState, minutes: i64| AgentView {
        agent: agent.to_owned(),
        name: name.to_owned(),
        state,
        why: (state == AgentState::Paused).then_some(PauseWhy::Unanswered),
        since: now() - minutes * 60_000,
        device: (state != AgentState::SignedOut).then(|| format!("10{:02}", agent.len())),
        skills: vec!["zh".to_owned(), "billing".to_owned()],
        queue: (state == AgentState::InCall).then(|| "sales".to_owned()),
        taken: 7,
        then: None,
    };
    vec![
        at("chen", "陈静", AgentState::WrapUp, 0),
        at("li", "李明", AgentState::InCall, 3),
        at("wang", "王芳", AgentState::Ready, 12),
        at("yang", "杨帆", AgentState::SignedOut, 600),
        at("zhangwei", "张伟", AgentState::Paused, 5),
    ]
}

/// Two queues, one with callers in it.
pub(crate) fn queues() -> Vec<QueueView> {
    let queue = |name: &str, waiting: usize, minutes: i64| QueueView {
        queue: name.to_owned(),
        waiting,
        ringing: usize::from(waiting > 0),
        longest: (waiting > 0).then(|| now() - minutes * 60_000),
        agents: 3,
        ready: 1,
    };
    vec![queue("queue_wait", 2, 1), queue("sales", 0, 0)]
}

/// Grants wishes.
pub(crate) async fn serve(mut wishes: mpsc::Receiver<AgentWish>, events: broadcast::Sender<Event>) {
    let mut all = agents();
    while let Some(AgentWish { agent, act }) = wishes.recv().await {
        let Some(view) = all.iter_mut().find(|view| view.agent == agent) else {
            continue;
        };
        view.state = match act {
            AgentAct::SignIn { .. } | AgentAct::Resume => AgentState::Ready,
            AgentAct::SignOut => AgentState::SignedOut,
            AgentAct::Pause => AgentState::Paused,
        };
        view.why = (view.state == AgentState::Paused).then_some(PauseWhy::Own);
        view.since = now();
        // Nobody listening is no fault.
        let _ = events.send(Event::Agent(view.clone()));
    }
}

/// Two calls that are owed: one waits for an agent, one for the next try.
pub(crate) fn call_backs() -> Vec<CallBackView> {
    let owed = |n: u128, caller: &str, minutes: i64| CallBackView {
        call: Uuid::from_u128(n),
        queue: "queue_wait".to_owned(),
        caller: caller.to_owned(),
        since: now() - minutes * 60_000,
        position: Some(3),
        due: None,
        until: now() + (120 - minutes) * 60_000,
        tries: 0,
        is_calling: false,
    };
    let second = CallBackView {
        position: None,
        due: Some(now() + 4 * 60_000),
        tries: 1,
        ..owed(2, "186******21", 38)
    };
    vec![owed(1, "138******07", 12), second]
}

/// Takes call-backs back.
pub(crate) fn call_backs_taken(events: broadcast::Sender<Event>) -> mpsc::Sender<Uuid> {
    let (cancels, mut cancelled) = mpsc::channel(4);
    tokio::spawn(async move {
        let mut all = call_backs();
        while let Some(call) = cancelled.recv().await {
            all.retain(|owed| owed.call != call);
            // Nobody listening is no fault.
            let _ = events.send(Event::CallBacks(all.clone()));
        }
    });
    cancels
}
