//! A running digest of outputs: FNV-1a, 64 bits. It tells differences, it does not keep secrets.

use super::keys;
use crate::input::Output;

const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

/// Digest of the outputs of one step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Digest {
    value: u64,
    outputs: u32,
}

impl Digest {
    pub(super) fn new() -> Self {
        Self {
            value: OFFSET,
            outputs: 0,
        }
    }

    /// Takes one output in, in order.
    pub(super) fn take(&mut self, output: &Output) {
        self.outputs = self.outputs.saturating_add(1);
        let covered = match output {
            Output::Transmit { to, bytes } => keys::blanked(bytes).map(|bytes| {
                let to = *to;
                Output::Transmit { to, bytes }
            }),
            _ => None,
        };
        let output = covered.as_ref().unwrap_or(output);
        // Outputs are plain data: writing them to a digest does not fail.
        if let Ok(done) = postcard::to_extend(output, *self) {
            *self = done;
        }
    }

    pub(super) fn value(&self) -> u64 {
        self.value
    }

    pub(super) fn outputs(&self) -> u32 {
        self.outputs
    }
}

impl Extend<u8> for Digest {
    fn extend<T: IntoIterator<Item = u8>>(&mut self, bytes: T) {
        for byte in bytes {
            self.value = (self.value ^ u64::from(byte)).wrapping_mul(PRIME);
        }
    }
}
