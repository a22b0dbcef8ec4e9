//! Agents and queues on the page: told, listed, and their wishes handed on.

use axum::http::StatusCode;
use centre::event::Event;
use centre::{AgentAct, AgentState, AgentView, QueueView};
use serde_json::json;

use crate::AgentWish;
use crate::rig::Rig;

fn agent(name: &str, state: AgentState) -> AgentView {
    AgentView {
        agent: name.to_owned(),
        name: name.to_uppercase(),
        state,
        why: None,
        since: 1_000,
        device: None,
        skills: vec!["yue".to_owned()],
        queue: None,
        taken: 3,
        then: None,
    }
}

fn queue(waiting: usize) -> QueueView {
    QueueView {
        queue: "sales".to_owned(),
        waiting,
        ringing: 0,
        longest: (waiting > 0).then_some(5_000),
        agents: 2,
        ready: 1,
    }
}

#[tokio::test]
async fn agents_and_queues_are_listed_as_they_were_told_last() {
    let mut rig = Rig::signed_in().await;
    let staff = Event::Staff {
        agents: vec![
            agent("ann", AgentState::Ready),
            agent("bob", AgentState::SignedOut),
        ],
        queues: vec![queue(0)],
    };
    rig.app.board.hear(&staff);
    rig.app
        .board
        .hear(&Event::Agent(agent("ann", AgentState::InCall)));
    rig.app.board.hear(&Event::Queue(queue(2)));
    let agents = rig.get("/api/agents").await.json();
    let states: Vec<_> = agents["agents"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["state"])
        .collect();
    assert_eq!(states, ["in_call", "signed_out"]);
    let queues = rig.get("/api/queues").await.json();
    assert_eq!(queues["queues"][0]["waiting"], 2);
    assert_eq!(queues["queues"][0]["longest"], 5_000);
}

#[tokio::test]
async fn what_an_agent_wishes_is_handed_on_and_what_cannot_be_is_said() {
    let mut rig = Rig::signed_in().await;
    rig.app
        .board
        .hear(&Event::Agent(agent("ann", AgentState::SignedOut)));
    for (wish, status, word) in [
        (
            json!({"agent": "dan", "act": "pause"}),
            StatusCode::NOT_FOUND,
            "not-found",
        ),
        (
            json!({"agent": "ann", "act": "pause"}),
            StatusCode::CONFLICT,
            "signed-out-agent",
        ),
        (
            json!({"agent": "ann", "act": "dance"}),
            StatusCode::BAD_REQUEST,
            "bad-request",
        ),
    ] {
        let answer = rig.post("/api/agents", &wish).await;
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (status, word),
            "{wish}"
        );
    }
    let wish = json!({"agent": "ann", "act": "sign_in", "device": "1001"});
    assert_eq!(
        rig.post("/api/agents", &wish).await.status,
        StatusCode::ACCEPTED
    );
    let device = Some("1001".to_owned());
    assert_eq!(
        rig.agents.try_recv().unwrap(),
        AgentWish {
            agent: "ann".to_owned(),
            act: AgentAct::SignIn { device }
        }
    );
    for _ in 0..4 {
        let _ = rig.post("/api/agents", &wish).await;
    }
    assert_eq!(rig.post("/api/agents", &wish).await.problem(), "busy");
}
