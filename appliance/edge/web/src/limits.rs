//! Every limit of the web crate, in one place. Nothing here grows by what a browser sends.

use std::time::Duration;

/// TLS connections served at once; one more is dropped before its handshake.
pub(crate) const CONNECTIONS: usize = 256;
/// Time a peer has for its TLS handshake, and again for the headers of a request.
pub(crate) const HEADER_TIME: Duration = Duration::from_secs(10);
/// Time that running requests have when the box stops.
pub(crate) const DRAIN_TIME: Duration = Duration::from_secs(3);

/// Largest request body where a form is sent, bytes.
pub(crate) const FORM_BODY: usize = 16 * 1024;
/// Largest site text, bytes; its request body may be twice that because of JSON escapes.
pub(crate) const SITE_TEXT: usize = 512 * 1024;
/// Largest bill of materials that is sent, bytes.
pub(crate) const BILL: u64 = 4 * 1024 * 1024;
/// Largest text of a package's terms that is read, bytes; Debian's longest is a tenth of it.
pub(crate) const TERMS: u64 = 1024 * 1024;
/// Longest name of a package, bytes.
pub(crate) const PACKAGE_NAME: usize = 100;
/// Largest account of an update that is read, bytes.
pub(crate) const UPDATE: u64 = 64 * 1024;

/// Sessions open at once; the oldest gives way.
pub(crate) const SESSIONS: usize = 64;
/// Life of a session from its sign-in.
pub(crate) const SESSION_LIFE: Duration = Duration::from_secs(12 * 3600);
/// Wrong codes or passwords from one address before it is locked.
pub(crate) const TRIES: u32 = 5;
/// How long an address stays locked.
pub(crate) const LOCK: Duration = Duration::from_secs(600);
/// Addresses remembered for their wrong tries; while all places are taken, unknown ones are locked too.
pub(crate) const TRIED_ADDRESSES: usize = 256;
/// Password hashes computed at once (19 MiB each).
pub(crate) const HASHES: usize = 2;
/// Shortest password, characters.
pub(crate) const PASSWORD_MIN: usize = 10;
/// Longest password, bytes.
pub(crate) const PASSWORD_MAX: usize = 256;

/// Live events kept for a browser that comes back with `Last-Event-ID`.
pub(crate) const EVENTS_KEPT: usize = 512;
/// Events a browser may lag behind before it is sent a fresh snapshot.
pub(crate) const EVENT_LAG: usize = 128;
/// Event streams open at once.
pub(crate) const EVENT_STREAMS: usize = 64;
/// A comment line is sent on a quiet event stream this often, and the session looked at again.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(15);
/// Phrases and digits of a live call that are shown, the last ones.
pub(crate) const LIVE_TAIL: usize = 40;
/// Live calls shown; the box itself takes fewer.
pub(crate) const LIVE_CALLS: usize = 1024;
/// Ended calls whose record is waited for; the oldest is forgotten (the page still finds it by day).
pub(crate) const UNSAVED: usize = 1024;

/// Records on one page when the request does not say.
pub(crate) const PAGE: u32 = 50;
/// Records on one page at most.
pub(crate) const PAGE_MAX: u32 = 200;
/// Longest search text, characters.
pub(crate) const SEARCH_TEXT: usize = 100;
/// Longest span of the calls-per-hour figures, hours.
pub(crate) const HOURS_SPAN: i64 = 31 * 24;
/// Records read at once for those figures, and how often at most.
pub(crate) const FIGURES_PAGE: u32 = 500;
/// Pages of records read for those figures; beyond it they say that they are cut.
pub(crate) const FIGURES_PAGES: usize = 20;

/// Recordings sent at once.
pub(crate) const RECORDING_STREAMS: usize = 32;
/// Bytes of a recording read at once.
pub(crate) const RECORDING_CHUNK: usize = 64 * 1024;
/// Bytes of a WAV file searched for its `data` chunk.
pub(crate) const WAV_HEAD: usize = 4096;
/// Bars of a recording's waveform.
pub(crate) const WAVE_BARS: usize = 240;

/// Cells of the comparison table of two site texts; beyond it the changed part is shown whole.
pub(crate) const DIFF_CELLS: usize = 4_000_000;
/// Versions of the site shown in its history.
pub(crate) const HISTORY: u32 = 50;
/// Longest note to a version, characters.
pub(crate) const NOTE: usize = 200;
