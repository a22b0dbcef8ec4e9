//! Call-backs that were promised, as the page shows them.

use centre::CallBackView;
use serde::Serialize;
use utoipa::ToSchema;

use super::calls::UnixMillis;

/// A call that is owed to somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct CallBackLine {
    /// The id of the call in which it was promised.
    pub(crate) call: String,
    /// The queue whose agents call back.
    pub(crate) queue: String,
    /// Who is called, all but the ends of the number hidden.
    pub(crate) caller: String,
    /// Since when they wait, the time before the promise included.
    pub(crate) since: UnixMillis,
    /// Their place in the queue, counted from 1, while they stand there.
    pub(crate) position: Option<usize>,
    /// When they stand in the queue again, after a call that came to nothing.
    pub(crate) due: Option<UnixMillis>,
    /// When the promise is given up.
    pub(crate) until: UnixMillis,
    /// How often they were called.
    pub(crate) tries: u32,
    /// An agent's phone rings for them, or theirs does.
    pub(crate) is_calling: bool,
}

impl From<&CallBackView> for CallBackLine {
    fn from(view: &CallBackView) -> Self {
        Self {
            call: view.call.to_string(),
            queue: view.queue.clone(),
            caller: view.caller.clone(),
            since: view.since,
            position: view.position,
            due: view.due,
            until: view.until,
            tries: view.tries,
            is_calling: view.is_calling,
        }
    }
}
