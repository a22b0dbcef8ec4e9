//! The forms in which the page gets what the box knows: transfer types, made from the core's types.
//!
//! They exist so that the core carries no API schema. Field names are the API: added, never renamed.

pub(crate) mod bans;
pub(crate) mod call_backs;
pub(crate) mod calls;
pub(crate) mod site;
pub(crate) mod sounds;
pub(crate) mod staff;
