//! Writing and reading the fields of one frame. Private to `wire`.

use super::{VERSION, WireError, cut};
use crate::limits::{FRAME_SAMPLES, MAX_TEXT};

/// Appends one frame; `end` puts the length in.
pub(super) struct Writer<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
}

impl<'a> Writer<'a> {
    pub(super) fn start(out: &'a mut Vec<u8>, kind: u8) -> Self {
        let start = out.len();
        out.extend_from_slice(&[0, 0, 0, 0, VERSION, kind]);
        Self { out, start }
    }

    pub(super) fn u8(self, v: u8) -> Self {
        self.bytes(&[v])
    }

    pub(super) fn u32(self, v: u32) -> Self {
        self.bytes(&v.to_le_bytes())
    }

    pub(super) fn u64(self, v: u64) -> Self {
        self.bytes(&v.to_le_bytes())
    }

    pub(super) fn f32(self, v: f32) -> Self {
        self.bytes(&v.to_le_bytes())
    }

    pub(super) fn text(self, text: &str) -> Self {
        let text = cut(text, MAX_TEXT);
        self.bytes(&(text.len() as u16).to_le_bytes())
            .bytes(text.as_bytes())
    }

    pub(super) fn samples(self, samples: &[i16; FRAME_SAMPLES]) -> Self {
        self.out
            .extend(samples.iter().flat_map(|s| s.to_le_bytes()));
        self
    }

    pub(super) fn end(self) {
        let length = (self.out.len() - self.start - 4) as u32;
        if let Some(place) = self.out.get_mut(self.start..self.start + 4) {
            place.copy_from_slice(&length.to_le_bytes());
        }
    }

    fn bytes(self, bytes: &[u8]) -> Self {
        self.out.extend_from_slice(bytes);
        self
    }
}

/// Reads the fields of one body in order.
pub(super) struct Fields<'a> {
    kind: u8,
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(super) fn open(body: &'a [u8]) -> Result<Self, WireError> {
        match body {
            [VERSION, kind, rest @ ..] => Ok(Self { kind: *kind, rest }),
            [version, _, ..] => Err(WireError::Version(*version)),
            _ => Err(WireError::Length(body.len() as u32)),
        }
    }

    pub(super) fn kind(&self) -> u8 {
        self.kind
    }

    pub(super) fn u32(&mut self) -> Result<u32, WireError> {
        self.take().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, WireError> {
        self.take().map(u64::from_le_bytes)
    }

    pub(super) fn f32(&mut self) -> Result<f32, WireError> {
        self.take().map(f32::from_le_bytes)
    }

    pub(super) fn flag(&mut self) -> Result<bool, WireError> {
        match self.take()? {
            [0] => Ok(false),
            [1] => Ok(true),
            _ => Err(WireError::Fields(self.kind)),
        }
    }

    pub(super) fn text(&mut self) -> Result<String, WireError> {
        let length = usize::from(self.take().map(u16::from_le_bytes)?);
        let (text, rest) = self
            .rest
            .split_at_checked(length)
            .ok_or(WireError::Fields(self.kind))?;
        self.rest = rest;
        std::str::from_utf8(text)
            .map(str::to_owned)
            .map_err(|_| WireError::Fields(self.kind))
    }

    pub(super) fn texts(&mut self, most: usize) -> Result<Vec<String>, WireError> {
        let count = self.u32()? as usize;
        if count > most {
            return Err(WireError::Fields(self.kind));
        }
        (0..count).map(|_| self.text()).collect()
    }

    pub(super) fn samples(&mut self) -> Result<[i16; FRAME_SAMPLES], WireError> {
        let bytes: [u8; FRAME_SAMPLES * 2] = self.take()?;
        let mut samples = [0; FRAME_SAMPLES];
        for (sample, pair) in samples.iter_mut().zip(bytes.chunks_exact(2)) {
            *sample = i16::from_le_bytes(pair.try_into().unwrap_or_default());
        }
        Ok(samples)
    }

    pub(super) fn end(self) -> Result<(), WireError> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(WireError::Fields(self.kind))
        }
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        let (head, rest) = self
            .rest
            .split_first_chunk::<N>()
            .ok_or(WireError::Fields(self.kind))?;
        self.rest = rest;
        Ok(*head)
    }
}
