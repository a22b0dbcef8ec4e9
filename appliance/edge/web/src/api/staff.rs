//! Agents and queues: how they stand, and what agents wish.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use centre::AgentAct;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::error::TrySendError;
use utoipa::ToSchema;

use super::taken::Body;
use crate::AgentWish;
use crate::app::App;
use crate::problem::Problem;
use crate::wire::staff::{ActView, AgentLine, AgentStateView, QueueLine};

/// All agents.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AgentsView {
    agents: Vec<AgentLine>,
}

/// All queues.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QueuesView {
    queues: Vec<QueueLine>,
}

/// An agent wishes to stand elsewhere.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AgentWishView {
    /// Who, by the name in the site.
    agent: String,
    act: ActView,
    /// Where they sign in, where it is not their own phone.
    #[serde(default)]
    device: Option<String>,
}

/// All agents, by name.
#[utoipa::path(get, path = "/api/agents", responses((status = 200, body = AgentsView)))]
pub(crate) async fn agents(State(app): State<App>) -> Json<AgentsView> {
    Json(AgentsView {
        agents: app.board.agents(),
    })
}

/// All queues, by name.
#[utoipa::path(get, path = "/api/queues", responses((status = 200, body = QueuesView)))]
pub(crate) async fn queues(State(app): State<App>) -> Json<QueuesView> {
    Json(QueuesView {
        queues: app.board.queues(),
    })
}

/// Signs an agent in or out, pauses or resumes them. What came of it is told as an event; one who
/// is in a call does it after the call.
#[utoipa::path(post, path = "/api/agents", request_body = AgentWishView,
    responses(
        (status = 202, description = "it is being done"),
        (status = 404, body = Problem, description = "there is no such agent"),
        (status = 409, body = Problem, description = "the agent is signed out"),
        (status = 503, body = Problem, description = "too many wish something at once"),
    ))]
pub(crate) async fn wish(
    State(app): State<App>,
    Body(wish): Body<AgentWishView>,
) -> Result<StatusCode, Problem> {
    let agents = app.board.agents();
    let Some(known) = agents.iter().find(|line| line.agent == wish.agent) else {
        let detail = format!("there is no agent `{}`", wish.agent);
        return Err(Problem::new(StatusCode::NOT_FOUND, "not-found", detail));
    };
    let is_out = known.state == AgentStateView::SignedOut;
    if is_out && matches!(wish.act, ActView::Pause | ActView::Resume) {
        let detail = format!("agent `{}` is signed out", wish.agent);
        return Err(
            Problem::new(StatusCode::CONFLICT, "signed-out-agent", detail).hint("sign in first"),
        );
    }
    let act = match wish.act {
        ActView::SignIn => AgentAct::SignIn {
            device: wish.device,
        },
        ActView::SignOut => AgentAct::SignOut,
        ActView::Pause => AgentAct::Pause,
        ActView::Resume => AgentAct::Resume,
    };
    let agent = wish.agent;
    match app.doors.agents.try_send(AgentWish { agent, act }) {
        Ok(()) => Ok(StatusCode::ACCEPTED),
        Err(TrySendError::Full(_)) => Err(Problem::busy("too many wish something at once")),
        Err(TrySendError::Closed(_)) => Err(Problem::busy("the box is stopping")),
    }
}
