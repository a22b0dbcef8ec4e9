//! A town in virtual time: phones, a network with weather, a media plane, and one `Centre`.
//!
//! Tests build a [`Town`], let its phones call, and step it until it is quiet; after every step
//! the town checks what must always hold. Nothing here sleeps, and one seed gives one history.

mod chance;
mod phone;
mod place;
mod plane;
mod raw;
mod town;
mod weather;

pub use chance::Chance;
pub use phone::{Act, Phone, Plan};
pub use place::{TownConfig, phone_address, site};
pub use plane::Plane;
pub use raw::Raw;
pub use town::Town;
pub use weather::Weather;
