//! A QR code as a PNG: grey, one byte a point, not compressed. A label is small, and a printer reads it once.

use anyhow::Context as _;
use qrcode::{Color, EcLevel, QrCode};

/// White edge that readers want, modules (ISO/IEC 18004).
const EDGE: usize = 4;
/// Points of a module along each side.
const SCALE: usize = 8;
const DARK: u8 = 0x00;
const LIGHT: u8 = 0xff;
/// Longest stored block of a deflate stream, bytes (RFC 1951 section 3.2.4).
const BLOCK: usize = 65_535;

/// The picture of a text.
pub(super) fn png(text: &str) -> anyhow::Result<Vec<u8>> {
    // A scratched label is read as long as a quarter of it is whole enough.
    let code = QrCode::with_error_correction_level(text, EcLevel::Q);
    let code = code.context("the label's text is too long for a QR code")?;
    let (modules, colors) = (code.width(), code.to_colors());
    let side = (modules + 2 * EDGE) * SCALE;
    let dark = |x: usize, y: usize| {
        let inside = |at: usize| at.checked_sub(EDGE).filter(|at| *at < modules);
        let at = inside(x / SCALE).zip(inside(y / SCALE));
        at.is_some_and(|(x, y)| colors[y * modules + x] == Color::Dark)
    };
    let mut points = Vec::with_capacity(side * (side + 1));
    for y in 0..side {
        // Each line begins with its filter: none.
        points.push(0);
        points.extend((0..side).map(|x| if dark(x, y) { DARK } else { LIGHT }));
    }
    let side = u32::try_from(side)?.to_be_bytes();
    // 8 bits, grey, and the only ways to compress, filter and interlace there are.
    let header = [&side[..], &side[..], &[8, 0, 0, 0, 0]].concat();
    let mut picture = b"\x89PNG\r\n\x1a\n".to_vec();
    chunk(&mut picture, b"IHDR", &header);
    chunk(&mut picture, b"IDAT", &stored(&points));
    chunk(&mut picture, b"IEND", &[]);
    Ok(picture)
}

fn chunk(picture: &mut Vec<u8>, kind: &[u8; 4], bytes: &[u8]) {
    picture.extend((bytes.len() as u32).to_be_bytes());
    let named = [kind, bytes].concat();
    picture.extend(&named);
    picture.extend(crc(&named).to_be_bytes());
}

/// A zlib stream that stores (RFC 1950).
fn stored(bytes: &[u8]) -> Vec<u8> {
    let mut stream = vec![0x78, 0x01];
    let mut blocks = bytes.chunks(BLOCK).peekable();
    while let Some(block) = blocks.next() {
        let length = block.len() as u16;
        stream.push(u8::from(blocks.peek().is_none()));
        stream.extend(length.to_le_bytes());
        stream.extend((!length).to_le_bytes());
        stream.extend(block);
    }
    let (mut a, mut b) = (1_u32, 0_u32);
    for byte in bytes {
        a = (a + u32::from(*byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    stream.extend((b << 16 | a).to_be_bytes());
    stream
}

/// CRC-32 as PNG has it.
fn crc(bytes: &[u8]) -> u32 {
    let shift = |crc: u32| {
        if crc & 1 == 1 {
            0xedb8_8320 ^ (crc >> 1)
        } else {
            crc >> 1
        }
    };
    let byte = |crc: u32, byte: &u8| (0..8).fold(crc ^ u32::from(*byte), |crc, _| shift(crc));
    !bytes.iter().fold(!0, byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_the_standards() {
        assert_eq!(crc(b"IEND"), 0xae42_6082);
        assert_eq!(crc(b"123456789"), 0xcbf4_3926);
        assert!(stored(b"Wikipedia").ends_with(&0x11e6_0398_u32.to_be_bytes()));
    }

    #[test]
    fn a_picture_has_the_size_it_states_and_long_ones_come_in_blocks() {
        let picture = png("https://branchline.local/#serial=BL-1&claim=AAAA-BBBB-CCCC").unwrap();
        let side = u32::from_be_bytes(picture[16..20].try_into().unwrap()) as usize;
        assert_eq!(side % SCALE, 0);
        assert!(picture.len() > side * (side + 1));
        // Two blocks of which only the last is marked so.
        let stream = stored(&vec![7; BLOCK + 1]);
        assert_eq!((stream[2], stream[2 + 5 + BLOCK]), (0, 1));
        assert!(png(&"x".repeat(4_000)).is_err());
    }
}
