//! Transactions (RFC 3261 17, RFC 6026): retransmission, absorption and giving up.
//!
//! The endpoint owns them, feeds them messages and due deadlines, and removes them when they say they are
//! gone. They never look inside a body and never decide an answer.

pub(crate) mod client;
pub(crate) mod key;
pub(crate) mod server;
