//! The phones that registered, as a value: they are still registered after the box was born anew.

use std::time::Instant;

use serde::{Deserialize, Serialize};
use sip::{Offset, Peer, Uri};

use super::{Binding, Contact, Registrar};
use crate::limits::MAX_CONTACTS;

/// All phones that registered.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Standing {
    phones: Vec<Phone>,
    last_key: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Phone {
    device: String,
    uri: String,
    source: Peer,
    until: Offset,
    agent: String,
    call_id: String,
    cseq: u32,
    instance: Option<String>,
    key: u64,
}

impl Standing {
    /// Forgets the phones whose connection ends with the program: they come again by a new one.
    pub(crate) fn drop_connections(&mut self) {
        let lasts = |phone: &Phone| !phone.source.transport.is_reliable();
        self.phones.retain(lasts);
    }
}

impl Registrar {
    /// All phones, told from `now`.
    pub(crate) fn standing(&self, now: Instant) -> Standing {
        let bindings = self.devices.iter().flat_map(|(device, bindings)| {
            bindings.iter().map(move |binding| Phone {
                device: device.clone(),
                uri: binding.contact.uri.as_str().to_owned(),
                source: binding.contact.source,
                until: Offset::of(binding.contact.until, now),
                agent: binding.contact.agent.clone(),
                call_id: binding.call_id.clone(),
                cseq: binding.cseq,
                instance: binding.instance.clone(),
                key: binding.key,
            })
        });
        Standing {
            phones: bindings.collect(),
            last_key: self.last_key,
        }
    }

    /// Knows the phones of `standing` whose devices are `known` and whose time is not up at `now`.
    pub(crate) fn go_on(
        &mut self,
        (now, base): (Instant, Instant),
        standing: Standing,
        known: impl Fn(&str) -> bool,
    ) {
        self.last_key = standing.last_key;
        for phone in standing.phones {
            let until = phone.until.at(base);
            let Ok(uri) = Uri::parse(&phone.uri) else {
                continue;
            };
            if until <= now || !known(&phone.device) {
                continue;
            }
            let binding = Binding {
                contact: Contact {
                    uri,
                    source: phone.source,
                    until,
                    agent: phone.agent,
                },
                call_id: phone.call_id,
                cseq: phone.cseq,
                instance: phone.instance,
                key: phone.key,
            };
            let bindings = self.devices.entry(phone.device.clone()).or_default();
            if bindings.len() < MAX_CONTACTS {
                self.index.add(&phone.device, &binding);
                bindings.push(binding);
            }
        }
    }
}
