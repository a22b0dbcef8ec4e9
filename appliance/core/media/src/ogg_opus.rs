//! Ogg Opus files (RFC 7845, RFC 3533) of two voices at 8 kHz: written page by page, and read back.
//!
//! Pure bytes; files are the shells' business. [`Writer`] appends whole pages to the caller's buffer,
//! one for each second, so that a cut file plays up to its last whole page. [`next_page`] reads what
//! [`Writer`] writes and refuses all else: it is there to prove a file, not to play any.

use crate::limits::RATE;

/// Granule positions count samples at this rate, whatever the audio's.
pub const GRANULES: u32 = 48_000;
/// Granules of a packet of 20 ms.
const PACKET: u64 = GRANULES as u64 / 50;
/// Packets of one page: a second, as RFC 7845 section 6 likes it.
const PACKETS_A_PAGE: usize = 50;
/// Bytes of a page's header without its table.
const HEADER: usize = 27;
/// Flags of a page: it begins or ends the stream.
const BEGINS: u8 = 2;
const ENDS: u8 = 4;
/// Who made it, for `OpusTags`.
const VENDOR: &[u8] = b"branchline";

/// Writes one file.
#[derive(Debug)]
pub struct Writer {
    serial: u32,
    sequence: u32,
    /// Granules of all packets that were given.
    granules: u64,
    pre_skip: u16,
    /// Lengths and bytes of the packets of the page that is being filled.
    table: Vec<u8>,
    body: Vec<u8>,
    packets: usize,
}

impl Writer {
    /// Begins a file: appends its two header pages. `serial` tells it from other streams; `lookahead`
    /// is the encoder's, in samples at 8 kHz.
    pub fn new(serial: u32, lookahead: usize, out: &mut Vec<u8>) -> Self {
        let pre_skip = (lookahead * (GRANULES / RATE) as usize).min(usize::from(u16::MAX)) as u16;
        let mut writer = Self {
            serial,
            sequence: 0,
            granules: 0,
            pre_skip,
            table: Vec::new(),
            body: Vec::new(),
            packets: 0,
        };
        // Version 1, two channels; mapping family 1: two streams, neither a pair, in order.
        let mut head = b"OpusHead\x01\x02".to_vec();
        head.extend(pre_skip.to_le_bytes());
        head.extend(RATE.to_le_bytes());
        head.extend([0, 0, 1, 2, 0, 0, 1]);
        writer.add(&head);
        writer.page(BEGINS, 0, out);
        let mut tags = b"OpusTags".to_vec();
        tags.extend((VENDOR.len() as u32).to_le_bytes());
        tags.extend(VENDOR);
        tags.extend(0u32.to_le_bytes());
        writer.add(&tags);
        writer.page(0, 0, out);
        writer
    }

    /// Takes one packet of 20 ms; appends a page where one is full.
    pub fn packet(&mut self, packet: &[u8], out: &mut Vec<u8>) {
        // The last page is held back: only `finish` knows that it ends the stream.
        if self.packets >= PACKETS_A_PAGE || self.table.len() + packet.len() / 255 + 1 > 255 {
            self.page(0, self.granules, out);
        }
        self.add(packet);
        self.granules += PACKET;
    }

    /// Ends the file, which plays `samples` at 8 kHz: what the packets hold more is cut by players.
    pub fn finish(mut self, samples: u64, out: &mut Vec<u8>) {
        let length = u64::from(self.pre_skip) + samples * u64::from(GRANULES / RATE);
        self.page(ENDS, self.granules.min(length), out);
    }

    fn add(&mut self, packet: &[u8]) {
        let whole = packet.len() / 255;
        self.table.extend(std::iter::repeat_n(255, whole));
        self.table.push((packet.len() % 255) as u8);
        self.body.extend_from_slice(packet);
        self.packets += 1;
    }

    fn page(&mut self, flags: u8, granule: u64, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend(b"OggS\0");
        out.push(flags);
        out.extend(granule.to_le_bytes());
        out.extend(self.serial.to_le_bytes());
        out.extend(self.sequence.to_le_bytes());
        out.extend([0; 4]);
        out.push(self.table.len().min(255) as u8);
        out.extend_from_slice(&self.table);
        out.extend_from_slice(&self.body);
        let sum = checksum(out.get(start..).unwrap_or_default()).to_le_bytes();
        for (place, byte) in out.iter_mut().skip(start + 22).zip(sum) {
            *place = byte;
        }
        self.sequence += 1;
        self.packets = 0;
        self.table.clear();
        self.body.clear();
    }
}

/// One page as it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page<'a> {
    /// The number of the page, from 0.
    pub sequence: u32,
    /// Granule position of its end.
    pub granule: u64,
    /// It ends the stream.
    pub ends: bool,
    /// Bytes of the page in the file.
    pub length: usize,
    table: &'a [u8],
    body: &'a [u8],
}

impl<'a> Page<'a> {
    /// Its packets in order.
    pub fn packets(&self) -> impl Iterator<Item = &'a [u8]> {
        let mut rest = self.body;
        let runs = self.table.split_inclusive(|length| *length < 255);
        runs.map(move |run| {
            let length = run.iter().map(|length| usize::from(*length)).sum::<usize>();
            let (packet, later) = rest.split_at(length.min(rest.len()));
            rest = later;
            packet
        })
    }
}

/// Why bytes are no page that [`Writer`] made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a whole Ogg Opus file: {0}")]
pub struct OggError(&'static str);

/// Reads the page that `bytes` begin with; `None` where it is cut short.
pub fn next_page(bytes: &[u8]) -> Result<Option<Page<'_>>, OggError> {
    let Some(header) = bytes.get(..HEADER) else {
        return Ok(None);
    };
    if !header.starts_with(b"OggS\0") {
        return Err(OggError("no page begins where one should"));
    }
    let flags = header.get(5).copied().unwrap_or(0);
    if flags & !(BEGINS | ENDS) != 0 {
        return Err(OggError("a packet that goes over pages"));
    }
    let segments = header.get(26).copied().map_or(0, usize::from);
    let Some(table) = bytes.get(HEADER..HEADER + segments) else {
        return Ok(None);
    };
    let body: usize = table.iter().map(|length| usize::from(*length)).sum();
    let length = HEADER + segments + body;
    let Some(page) = bytes.get(..length) else {
        return Ok(None);
    };
    if table.last() == Some(&255) {
        return Err(OggError("a packet that goes over pages"));
    }
    if word(page, 22) != Some(checksum(page)) {
        return Err(OggError("a checksum that is not the page's"));
    }
    let granule = page.get(6..14).and_then(|bytes| bytes.first_chunk());
    Ok(Some(Page {
        sequence: word(page, 18).unwrap_or(0),
        granule: granule.map_or(0, |bytes| u64::from_le_bytes(*bytes)),
        ends: flags & ENDS != 0,
        length,
        table,
        body: page.get(HEADER + segments..).unwrap_or_default(),
    }))
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at + 4)?.first_chunk()?;
    Some(u32::from_le_bytes(*bytes))
}

/// The page's checksum (RFC 3533 section 6): its own place counts as zeros.
fn checksum(page: &[u8]) -> u32 {
    let mut sum = 0u32;
    for (at, byte) in page.iter().enumerate() {
        let byte = if (22..26).contains(&at) { 0 } else { *byte };
        let index = (sum >> 24) as u8 ^ byte;
        sum = sum << 8 ^ SUMS.get(usize::from(index)).copied().unwrap_or(0);
    }
    sum
}

static SUMS: [u32; 256] = sums();

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated at compile time, 0..256 into 256"
)]
const fn sums() -> [u32; 256] {
    let mut table = [0; 256];
    let mut n = 0;
    while n < 256 {
        let mut sum = (n as u32) << 24;
        let mut bit = 0;
        while bit < 8 {
            sum = if sum & 1 << 31 != 0 {
                sum << 1 ^ 0x04C1_1DB7
            } else {
                sum << 1
            };
            bit += 1;
        }
        table[n] = sum;
        n += 1;
    }
    table
}

#[cfg(test)]
mod tests;
