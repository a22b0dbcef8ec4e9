//! One call: its trunk, its legs, and one cause for every ending.

pub mod cause;

pub use cause::Cause;
