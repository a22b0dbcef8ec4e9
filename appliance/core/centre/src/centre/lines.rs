//! What the switchboard is told of a site: its trunks and its devices.

use std::time::Duration;

use call::{Device, Login, Outbound, Trunk};

use crate::site::{Account, Credentials, Site, Transport};

/// How often a carrier that wants no registration is asked whether it is there.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// All carriers of a site.
pub(super) fn trunks(site: &Site) -> Vec<Trunk> {
    let trunk = |trunk: &crate::site::Trunk| Trunk {
        name: trunk.name.clone(),
        peers: trunk.peers.clone(),
        login: trunk.credentials.as_ref().map(login),
        outbound: trunk.account.as_ref().map(outbound),
        sound: trunk.sound.clone(),
    };
    site.trunks().iter().map(trunk).collect()
}

/// All phones of a site.
pub(super) fn devices(site: &Site) -> Vec<Device> {
    let device = |device: &crate::site::Device| Device {
        name: device.name.clone(),
        login: Login {
            username: device.name.clone(),
            password: device.password.reveal().to_owned(),
        },
        nets: device.nets.clone(),
        sound: device.sound.clone(),
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
        keepalive: (!account.register).then_some(KEEPALIVE),
        domain: account.domain.clone(),
        user: account.user.clone(),
        login: account.credentials.as_ref().map(login),
        register: account.register,
        asserted: account.asserted,
        ..Outbound::at(&account.server)
    }
}

fn login(credentials: &Credentials) -> Login {
    Login {
        username: credentials.username.clone(),
        password: credentials.password.reveal().to_owned(),
    }
}
