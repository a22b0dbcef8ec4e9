//! What the switchboard is told of a site: its trunks and its devices.

use call::{Device, Local, Login, Net, Outbound, Trunk};
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore as _, SeedableRng as _};

use crate::site::{Account, Credentials, Site, Transport};

/// Which stream of a seed's randomness the password of the box's own phones is drawn from.
const HOUSE_STREAM: u64 = 2;

/// The phones that the box brings itself: they share a password of this life, and call from its own
/// address.
#[derive(Debug)]
pub(super) struct House {
    seed: [u8; 32],
    nets: Vec<Net>,
}

impl House {
    pub(super) fn new(seed: [u8; 32], local: &Local) -> Self {
        let nets = [local.udp.ip()].map(|ip| ip.to_string().parse().ok());
        Self {
            seed,
            nets: nets.into_iter().flatten().collect(),
        }
    }
}

/// The password of the phones that a box of this seed brings itself: whoever runs them is told it.
pub fn house_password(seed: [u8; 32]) -> String {
    let mut random = ChaCha20Rng::from_seed(seed);
    random.set_stream(HOUSE_STREAM);
    (0..4)
        .map(|_| format!("{:016x}", random.next_u64()))
        .collect()
}

/// All carriers of a site.
pub(super) fn trunks(site: &Site) -> Vec<Trunk> {
    let trunk = |trunk: &crate::site::Trunk| Trunk {
        name: trunk.name.clone(),
        trusted: trunk.trusted,
        peers: trunk.peers.clone(),
        login: trunk.credentials.as_ref().map(login),
        outbound: trunk.account.as_ref().map(outbound),
        sound: trunk.sound.clone(),
    };
    site.trunks().iter().map(trunk).collect()
}

/// All phones of a site.
pub(super) fn devices(site: &Site, house: &House) -> Vec<Device> {
    let password = house_password(house.seed);
    let device = |device: &crate::site::Device| Device {
        name: device.name.clone(),
        login: Login {
            username: device.name.clone(),
            password: match device.audio {
                Some(_) => password.clone(),
                None => device.password.reveal().to_owned(),
            },
        },
        nets: match device.audio {
            Some(_) => house.nets.clone(),
            None => device.nets.clone(),
        },
        sound: device.sound.clone(),
        trusted: device.trusted,
    };
    site.people().devices().map(device).collect()
}

fn outbound(account: &Account) -> Outbound {
    Outbound {
        // Without a wish the carrier's own name says what carries SIP there (RFC 3263).
        transport: match account.transport {
            Transport::Udp => None,
            Transport::Tcp => Some(call::Transport::Tcp),
            Transport::Tls => Some(call::Transport::Tls),
        },
        keepalive: account.keepalive,
        domain: account.domain.clone(),
        user: account.user.clone(),
        login: account.credentials.as_ref().map(login),
        register: account.register,
        manner: account.manner,
        ..Outbound::at(&account.server)
    }
}

fn login(credentials: &Credentials) -> Login {
    Login {
        username: credentials.username.clone(),
        password: credentials.password.reveal().to_owned(),
    }
}

#[cfg(test)]
#[path = "lines_tests.rs"]
mod tests;
