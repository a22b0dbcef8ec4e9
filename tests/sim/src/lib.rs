//! A town in virtual time: phones, a network with weather, a media plane, and one `Centre`.
//!
//! Tests build a [`Town`], let its phones call, and step it until it is quiet; after every step
//! the town checks what must always hold. Nothing here sleeps, and one seed gives one history.

mod black_box;
mod chance;
pub mod day;
mod desk;
mod laws;
mod people;
mod phone;
mod place;
mod plane;
mod raw;
mod town;
mod twin;
mod weather;

pub use black_box::{BlackBox, Proof};
pub use chance::Chance;
pub use desk::{Desk, DeskAct, Taking, Tally};
pub use phone::{Act, Phone, Plan};
pub use place::{BRANCH, TownConfig, carrier_address, desk_address, phone_address, site};
pub use plane::Plane;
pub use raw::Raw;
pub use town::Town;
pub use twin::Twin;
pub use weather::Weather;
