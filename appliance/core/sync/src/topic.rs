//! Names and topics: where a box speaks, and where it is spoken to.
//!
//! `up/v1/{tenant}/{site}/{box}/{lane}`, `down/v1/{tenant}/{site}/{box}/ack`,
//! `state/v1/{tenant}/{site}/{box}/online`. A name that could change a topic's meaning
//! (`/`, `+`, `#`, `$`, control characters) does not exist after [`Address::new`].

use std::fmt;

use thiserror::Error;

use crate::limits::MAX_NAME_BYTES;
use crate::row::Lane;

/// A box's identity: the UUID that its store made at first start.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BoxId(String);

impl BoxId {
    /// Checks and takes a box's name.
    ///
    /// # Errors
    /// [`NameError`] where it is empty, too long or has a character outside `A-Za-z0-9_-`.
    pub fn new(name: &str) -> Result<Self, NameError> {
        checked("box", name).map(Self)
    }

    /// The name as it stands in topics and tables.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BoxId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a box stands in the fleet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    tenant: String,
    site: String,
    box_id: BoxId,
}

/// A name that cannot be part of a topic.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{what} name is not usable in a topic: `{name}`\n  hint: use 1 to 64 of a-z A-Z 0-9 _ -")]
pub struct NameError {
    what: &'static str,
    name: String,
}

/// A topic that is not one of ours.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TopicError {
    /// Wrong number of parts, or a wrong fixed part.
    #[error("topic is not `up/v1/tenant/site/box/lane`")]
    Shape,
    /// A part that is no name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A lane nobody knows.
    #[error("unknown lane")]
    Lane,
}

impl Address {
    /// Checks the names.
    ///
    /// # Errors
    /// [`NameError`] naming the part.
    pub fn new(tenant: &str, site: &str, box_id: &str) -> Result<Self, NameError> {
        Ok(Self {
            tenant: checked("tenant", tenant)?,
            site: checked("site", site)?,
            box_id: BoxId::new(box_id)?,
        })
    }

    /// Reads the topic of a batch.
    ///
    /// # Errors
    /// [`TopicError`]: the message is not ours.
    pub fn of_up_topic(topic: &str) -> Result<(Self, Lane), TopicError> {
        let mut parts = topic.split('/');
        let mut part = || parts.next().ok_or(TopicError::Shape);
        if (part()?, part()?) != ("up", "v1") {
            return Err(TopicError::Shape);
        }
        let address = Self::new(part()?, part()?, part()?)?;
        let lane = Lane::from_name(part()?).ok_or(TopicError::Lane)?;
        match parts.next() {
            Some(_) => Err(TopicError::Shape),
            None => Ok((address, lane)),
        }
    }

    /// Where the box publishes a lane's batches.
    pub fn up(&self, lane: Lane) -> String {
        format!(
            "up/v1/{}/{}/{}/{}",
            self.tenant,
            self.site,
            self.box_id,
            lane.as_str()
        )
    }

    /// Where central publishes its acks.
    pub fn ack(&self) -> String {
        format!("down/v1/{}/{}/{}/ack", self.tenant, self.site, self.box_id)
    }

    /// Where the box's presence is retained.
    pub fn presence(&self) -> String {
        format!(
            "state/v1/{}/{}/{}/online",
            self.tenant, self.site, self.box_id
        )
    }

    /// Who pays.
    pub fn tenant(&self) -> &str {
        &self.tenant
    }

    /// Where the box stands.
    pub fn site(&self) -> &str {
        &self.site
    }

    /// The box itself.
    pub fn box_id(&self) -> &BoxId {
        &self.box_id
    }
}

/// The filter of all batches, of one tenant or of all.
///
/// # Errors
/// [`NameError`] for a tenant that is no name.
pub fn up_filter(tenant: Option<&str>) -> Result<String, NameError> {
    Ok(match tenant {
        Some(tenant) => format!("up/v1/{}/#", checked("tenant", tenant)?),
        None => "up/v1/#".to_owned(),
    })
}

fn checked(what: &'static str, name: &str) -> Result<String, NameError> {
    let fits = (1..=MAX_NAME_BYTES).contains(&name.len());
    let plain = name
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if fits && plain {
        Ok(name.to_owned())
    } else {
        let name = name
            .chars()
            .take(MAX_NAME_BYTES)
            .map(|c| if c.is_control() { '?' } else { c });
        Err(NameError {
            what,
            name: name.collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_reads_back_as_the_address_that_wrote_it() {
        let address = Address::new("acme", "branch-7", "0191-ab").unwrap();
        for lane in Lane::ALL {
            assert_eq!(
                Address::of_up_topic(&address.up(lane)),
                Ok((address.clone(), lane))
            );
        }
        assert_eq!(address.ack(), "down/v1/acme/branch-7/0191-ab/ack");
    }

    #[test]
    fn a_name_that_would_change_a_topic_is_refused() {
        for bad in ["", "a/b", "+", "#", "$share", "a\0b", "名", &"x".repeat(65)] {
            assert!(Address::new("t", "s", bad).is_err(), "{bad:?}");
        }
        for bad in [
            "up/v1/t/s/b",
            "up/v1/t/s/b/live/x",
            "up/v2/t/s/b/live",
            "up/v1/t/s/b/fast",
            "",
        ] {
            assert!(Address::of_up_topic(bad).is_err(), "{bad:?}");
        }
    }
}
