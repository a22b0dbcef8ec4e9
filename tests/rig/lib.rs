//! The rig
