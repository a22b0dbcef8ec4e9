//! A desk phone: it registers with its password and calls with it.

use std::net::SocketAddr;

use call::{Device, Login};
use sip::{Algorithm, Body, DialogId, DigestInput, OutgoingInvite, Uri};

use crate::world::{BOX, World, at, sdp};

pub(crate) const DESK: &str = "192.168.1.20:5060";
pub(crate) const SOFT: &str = "192.168.1.21:5060";

/// The account of a phone whose password is its name turned round.
pub(crate) fn device(name: &str) -> Device {
    Device {
        name: name.into(),
        login: Login {
            username: name.into(),
            password: password(name),
        },
        nets: vec![],
        sound: call::Sound::of_device(),
        trusted: false,
    }
}

fn password(name: &str) -> String {
    name.chars().rev().collect()
}

impl World {
    /// A switchboard with the carrier, the devices 1001 and 1002, and a phone each.
    pub(crate) fn with_phones() -> Self {
        let mut world = Self::new();
        let devices = vec![device("1001"), device("1002")];
        world
            .board
            .set_lines(world.now, vec![crate::world::carrier()], devices);
        world.add(at(DESK));
        world.add(at(SOFT));
        assert_eq!(world.register(at(DESK), "1001", "1001", 1), 200);
        assert_eq!(world.register(at(SOFT), "1002", "1002", 1), 200);
        world.events.clear();
        world
    }

    /// Registers `name` at `address` for ten minutes, with the password of `who`; the status.
    pub(crate) fn register(&mut self, address: SocketAddr, name: &str, who: &str, n: u32) -> u16 {
        let contact = format!("Contact: <sip:{name}@{address}>;expires=600\r\n");
        self.send_register(address, name, &password(who), (n, &contact))
    }

    /// REGISTER, and again with credentials where it is challenged; the last status.
    pub(crate) fn send_register(
        &mut self,
        address: SocketAddr,
        name: &str,
        password: &str,
        (n, headers): (u32, &str),
    ) -> u16 {
        let write = |cseq: u32, auth: &str| {
            format!(
                "REGISTER sip:{BOX} SIP/2.0\r\n\
                 Via: SIP/2.0/UDP {address};branch=z9hG4bKreg{name}{cseq};rport\r\n\
                 Max-Forwards: 70\r\nFrom: <sip:{name}@{BOX}>;tag=r\r\nTo: <sip:{name}@{BOX}>\r\n\
                 Call-ID: reg-{address}-{name}\r\nCSeq: {cseq} REGISTER\r\n{auth}{headers}\
                 Content-Length: 0\r\n\r\n"
            )
        };
        self.throw(address, &write(2 * n, ""));
        if self.status(address) != 401 {
            return self.status(address);
        }
        let auth = authorization(self.last_answer(address), name, password);
        self.throw(address, &write(2 * n + 1, &auth));
        self.status(address)
    }

    /// The status of the last answer to `address`.
    pub(crate) fn status(&self, address: SocketAddr) -> u16 {
        let answer = self.last_answer(address);
        answer["SIP/2.0 ".len()..][..3].parse().unwrap()
    }

    /// The last answer to `address`, whatever it was asked since.
    fn last_answer(&self, address: SocketAddr) -> &str {
        let is_answer =
            |to: &SocketAddr, text: &str| *to == address && text.starts_with("SIP/2.0 ");
        let mut answers = self.wire.iter().rev();
        let answer = answers.find(|(_, to, text)| is_answer(to, text));
        answer.map(|(_, _, text)| text.as_str()).unwrap()
    }

    /// The phone of `name` at `address` dials `number`.
    pub(crate) fn phone_dials(
        &mut self,
        address: SocketAddr,
        name: &str,
        number: &str,
    ) -> DialogId {
        self.phone_dials_with(address, name, number, sdp(41_000, "sendrecv"))
    }

    /// The same with this offer. The phone takes INFO.
    pub(crate) fn phone_dials_with(
        &mut self,
        address: SocketAddr,
        name: &str,
        number: &str,
        offer: Body,
    ) -> DialogId {
        self.phone_sends(address, name, number, (offer, vec![]))
    }

    /// The same with further header fields.
    pub(crate) fn phone_dials_as(
        &mut self,
        address: SocketAddr,
        name: &str,
        number: &str,
        headers: Vec<(String, String)>,
    ) -> DialogId {
        let offer = sdp(41_000, "sendrecv");
        self.phone_sends(address, name, number, (offer, headers))
    }

    fn phone_sends(
        &mut self,
        address: SocketAddr,
        name: &str,
        number: &str,
        (offer, mut headers): (Body, Vec<(String, String)>),
    ) -> DialogId {
        headers.push(("Allow".into(), "INVITE, ACK, BYE, CANCEL, INFO".into()));
        let invite = OutgoingInvite {
            to: at(BOX).into(),
            request_uri: Uri::parse(&format!("sip:{number}@{BOX}")).unwrap(),
            from_uri: Uri::parse(&format!("sip:{name}@{BOX}")).unwrap(),
            to_uri: Uri::parse(&format!("sip:{number}@{BOX}")).unwrap(),
            display: None,
            body: Some(offer),
            credentials: Some(sip::Credentials {
                user: name.into(),
                password: password(name),
            }),
            headers,
        };
        let now = self.now;
        let dialog = self.peer(address).invite(now, invite);
        self.settle();
        dialog
    }
}

/// The Authorization field for the first challenge of a 401 to a REGISTER.
fn authorization(challenge: &str, user: &str, password: &str) -> String {
    let line = challenge
        .lines()
        .find(|l| l.starts_with("WWW-Authenticate: ") && l.contains("algorithm=MD5"))
        .unwrap();
    let params = sip::AuthParams::parse(line.strip_prefix("WWW-Authenticate: ").unwrap()).unwrap();
    let (realm, nonce) = (params.get("realm").unwrap(), params.get("nonce").unwrap());
    let uri = format!("sip:{BOX}");
    let input = DigestInput {
        algorithm: Algorithm::Md5,
        is_session: false,
        realm: &realm,
        nonce: &nonce,
        qop: "auth",
        nc: "00000001",
        cnonce: "c",
        method: "REGISTER",
        uri: &uri,
        body: b"",
    };
    let response = input.response(user, password);
    format!(
        "Authorization: Digest username=\"{user}\", realm=\"{realm}\", nonce=\"{nonce}\", \
         uri=\"{uri}\", response=\"{response}\", algorithm=MD5, qop=auth, nc=00000001, \
         cnonce=\"c\"\r\n"
    )
}
