//! A place inside a message: where something begins and ends, in bytes.
//!
//! Messages are at most 65,535 bytes, so two `u16` do. A span never borrows: the same spans serve the
//! receive buffer and an owned copy.

/// Where something stands in a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    start: u16,
    end: u16,
}

impl Span {
    /// The span of `start..end`; both saturate at the largest message.
    pub(crate) fn new(start: usize, end: usize) -> Self {
        Self {
            start: clamp(start),
            end: clamp(end),
        }
    }

    /// The bytes of `text` this span covers; nothing where it lies outside.
    pub(crate) fn of(self, text: &[u8]) -> &[u8] {
        text.get(usize::from(self.start)..usize::from(self.end))
            .unwrap_or_default()
    }

    /// Where it ends.
    pub(crate) fn end(self) -> usize {
        usize::from(self.end)
    }

    /// Whether it covers nothing.
    pub(crate) fn is_empty(self) -> bool {
        self.end <= self.start
    }
}

fn clamp(at: usize) -> u16 {
    u16::try_from(at).unwrap_or(u16::MAX)
}
