//! One RTP packet (RFC 3550 section 5.1), read and written over `rtp-rs` without allocation.
//!
//! Driven by [`crate::stream`]; also what tests and the demo caller build their packets with.

use rtp_rs::{RtpPacketBuilder, RtpReader};

use crate::limits::MAX_PAYLOAD;

/// Bytes of the header that we write.
pub const HEADER: usize = 12;

/// A packet whose payload lies in the caller's buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Payload type, 0..=127.
    pub payload_type: u8,
    /// Marker bit: a talk spurt or an event begins (RFC 3551 section 4.1, RFC 4733 section 2.3.1).
    pub marker: bool,
    /// Sequence number, wraps.
    pub sequence: u16,
    /// Sampling instant of the first sample, wraps.
    pub timestamp: u32,
    /// Synchronisation source.
    pub ssrc: u32,
    /// The payload without padding.
    pub payload: &'a [u8],
}

/// Why bytes are not an RTP packet that we read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RtpError {
    /// Not version 2, cut short, or with an impossible header.
    #[error("not an RTP packet of version 2")]
    Malformed,
    /// More payload than telephone audio has.
    #[error("{0} bytes of payload, at most {MAX_PAYLOAD} are read")]
    TooLong(usize),
}

impl<'a> Packet<'a> {
    /// Reads one packet; header extensions and CSRCs are passed over.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, RtpError> {
        let reader = RtpReader::new(bytes).map_err(|_| RtpError::Malformed)?;
        let payload = reader.payload();
        if payload.len() > MAX_PAYLOAD {
            return Err(RtpError::TooLong(payload.len()));
        }
        Ok(Self {
            payload_type: reader.payload_type(),
            marker: reader.mark(),
            sequence: reader.sequence_number().into(),
            timestamp: reader.timestamp(),
            ssrc: reader.ssrc(),
            payload,
        })
    }

    /// Writes the packet into `out` and says its length; `None` where it does not fit or the
    /// payload type is above 127.
    pub fn write(&self, out: &mut [u8]) -> Option<usize> {
        RtpPacketBuilder::new()
            .payload_type(self.payload_type)
            .marked(self.marker)
            .sequence(self.sequence.into())
            .timestamp(self.timestamp)
            .ssrc(self.ssrc)
            .payload(self.payload)
            .build_into(out)
            .ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn malformed_packets_are_refused() {
        let good = {
            let mut buffer = [0; 64];
            let packet = Packet {
                payload_type: 8,
                marker: false,
                sequence: 1,
                timestamp: 2,
                ssrc: 3,
                payload: &[0xD5; 4],
            };
            let length = packet.write(&mut buffer).unwrap();
            buffer[..length].to_vec()
        };
        assert!(Packet::parse(&good).is_ok());
        let changed = |at: usize, byte: u8| {
            let mut bytes = good.clone();
            bytes[at] = byte;
            bytes
        };
        let table: [(&str, Vec<u8>); 7] = [
            ("empty", vec![]),
            ("eleven bytes", good[..11].to_vec()),
            ("version 1", changed(0, 0x40)),
            ("fifteen CSRCs that are not there", changed(0, 0x8F)),
            ("an extension that is not there", {
                let mut bytes = changed(0, 0x90);
                bytes[14] = 0xFF;
                bytes
            }),
            ("padding longer than the packet", {
                let mut bytes = changed(0, 0xA0);
                bytes[15] = 0xFF;
                bytes
            }),
            ("padding of nothing", {
                let mut bytes = changed(0, 0xA0);
                bytes[15] = 0;
                bytes
            }),
        ];
        for (name, bytes) in table {
            assert_eq!(Packet::parse(&bytes), Err(RtpError::Malformed), "{name}");
        }
        let long = [&good[..12], &[0xD5; MAX_PAYLOAD + 1]].concat();
        assert_eq!(
            Packet::parse(&long),
            Err(RtpError::TooLong(MAX_PAYLOAD + 1))
        );
    }

    #[test]
    fn padding_csrcs_and_extensions_are_passed_over() {
        let mut bytes = vec![0xB1, 8, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 9, 9, 9, 9];
        bytes.extend([0xBE, 0xDE, 0, 1, 7, 7, 7, 7, 0x11, 0x22, 0, 2]);
        assert_eq!(Packet::parse(&bytes).unwrap().payload, [0x11, 0x22]);
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = Packet::parse(&bytes);
        }

        #[test]
        fn what_is_written_is_read(
            payload_type in 0u8..128, marker: bool, sequence: u16, timestamp: u32, ssrc: u32,
            payload in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            let packet = Packet { payload_type, marker, sequence, timestamp, ssrc, payload: &payload };
            let mut buffer = [0; 256];
            let length = packet.write(&mut buffer).unwrap();
            prop_assert_eq!(Packet::parse(&buffer[..length]).unwrap(), packet);
        }
    }
}
