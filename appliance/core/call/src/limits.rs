//! Every bound of this crate, in one place: what a peer sends never decides how much we keep.

use std::time::Duration;

/// Legs held at once, ending ones included; one more INVITE is answered 503.
pub const MAX_LEGS: usize = 1_000;
/// Distinct unknown sources remembered; beyond it the one that would be forgotten first goes.
pub const MAX_SOURCES: usize = 4_096;
/// How long an unknown source is remembered after its first request.
pub const SOURCE_MEMORY: Duration = Duration::from_secs(60);
/// Requests without credentials that one source has challenged in [`SOURCE_MEMORY`].
pub const MAX_CHALLENGES: u32 = 100;
/// Wrong credentials that one source may send in [`SOURCE_MEMORY`] before it is refused.
pub const MAX_WRONG_CREDENTIALS: u32 = 3;
/// Servers of one carrier that are kept, best first.
pub const MAX_LOCATED: usize = 16;
/// Look-ups that wait for the shell at once.
pub const MAX_LOOKUPS: usize = 256;
/// How long the shell may take to locate a name.
pub const LOOKUP_PATIENCE: Duration = Duration::from_secs(10);
/// How long located servers are taken as they are before they are located anew.
pub const LOCATED_FRESH: Duration = Duration::from_secs(300);
/// How long a server of a carrier may say nothing to an INVITE before the next one is asked.
pub const SERVER_PATIENCE: Duration = Duration::from_secs(4);
/// The registration that we ask a carrier for, seconds.
pub const REGISTRATION_S: u32 = 600;
/// Shortest time after which we count on a carrier's grant, seconds, whatever it says.
pub const MIN_REFRESH_S: u64 = 20;
/// Longest grant that we believe, seconds.
pub const MAX_REGISTRATION_GRANTED_S: u32 = 7_200;
/// How long a carrier is left alone after all its servers failed; doubled with each failure.
pub const BACK_OFF: Duration = Duration::from_secs(5);
/// The same after it refused our account.
pub const REFUSED_BACK_OFF: Duration = Duration::from_secs(60);
/// Longest time that a carrier is left alone.
pub const MAX_BACK_OFF: Duration = Duration::from_secs(600);
/// How long a source counts as proven after it showed right credentials.
pub const PROVEN_MEMORY: Duration = Duration::from_secs(3_600);
/// Wrong credentials of one source in [`SOURCE_MEMORY`] that get it banned.
pub const MAX_GUESSES: u32 = 10;
/// Requests of one unknown source in [`SOURCE_MEMORY`] that get it banned where nobody there has
/// anything to show.
pub const MAX_PROBES: u32 = 20;
/// How long a source is banned the first time; doubled each time it goes on.
pub const BAN: Duration = Duration::from_secs(600);
/// Longest ban.
pub const MAX_BAN: Duration = Duration::from_secs(24 * 3_600);
/// How long after its end a ban still makes the next one longer.
pub const BAN_MEMORY: Duration = Duration::from_secs(24 * 3_600);
/// Sources banned at once; beyond it the one that would be forgotten first goes.
pub const MAX_BANS: usize = 4_096;
/// How late a deadline must be met to show that the box does not keep up.
pub const LATE: Duration = Duration::from_millis(250);
/// How long new calls are turned away after that.
pub const SHED_FOR: Duration = Duration::from_secs(1);
/// From how many of a hundred legs on our neighbours are asked for fewer calls (RFC 7339).
pub const CROWDED_PERCENT: usize = 90;
/// How many times [`MAX_CHALLENGES`] a source may use from which a phone is registered.
pub const KNOWN_HELPINGS: u32 = 20;
/// Devices at most; beyond it the last by name are not taken.
pub const MAX_DEVICES: usize = 2_000;
/// Phones that one device may have registered at once; one more takes the place of the oldest.
pub const MAX_CONTACTS: usize = 8;
/// Shortest registration that is granted, seconds; a shorter wish is answered 423.
pub const MIN_REGISTRATION_S: u32 = 60;
/// What is granted to a phone that names no time, seconds.
pub const DEFAULT_REGISTRATION_S: u32 = 600;
/// Longest registration that is granted, seconds; a longer wish is shortened to it.
pub const MAX_REGISTRATION_S: u32 = 3_600;
/// How long a port rests after its stream closed, so that late packets reach nobody.
pub const PORT_QUARANTINE: Duration = Duration::from_secs(2);
/// How long an ended leg waits for the media plane to say what it counted and recorded.
pub const CLOSE_GRACE: Duration = Duration::from_secs(2);
/// How long a transfer may stay undecided before the flow goes on.
pub const TRANSFER_PATIENCE: Duration = Duration::from_secs(60);
/// How long the owner may take to decide a transfer that a phone asked for.
pub const REFERRAL_PATIENCE: Duration = Duration::from_secs(180);
/// How often a peer without a session timer is asked whether it is still there.
pub const PROBE_EVERY: Duration = Duration::from_secs(15 * 60);
/// Shortest session interval that we agree to, seconds (RFC 4028 section 4).
pub const MIN_SESSION_S: u32 = 90;
/// Shortest session interval that we keep where a called party sets it all the same, seconds.
pub const LEAST_SESSION_S: u32 = 30;
/// Longest session interval that we agree to, seconds; a longer wish is shortened to it.
pub const MAX_SESSION_S: u32 = 7_200;
/// What a 503 tells the peer to wait, seconds.
pub const RETRY_AFTER_S: u32 = 5;
/// When a peer whose offer came too early may make it again, seconds (0 to 10, RFC 3311 section 5.2).
pub const OFFER_RETRY_AFTER_S: u32 = 2;
/// Longest INFO body that is looked at, bytes.
pub const MAX_INFO_BODY: usize = 256;
/// Keys that one `send_digits` presses.
pub const MAX_DIGITS: usize = 64;
/// Longest transfer target, bytes.
pub const MAX_TARGET: usize = 256;
/// Longest number, name or Call-ID that is handed on, characters; the rest is cut.
pub const MAX_NAME: usize = 256;
