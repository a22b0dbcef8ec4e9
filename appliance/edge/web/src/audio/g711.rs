//! G.711 to linear: two tables of 256, made at compile time (ITU-T G.711, tables 1a and 2a).

/// A-law byte to 16-bit linear.
pub(super) static A_LAW: [i16; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = a_law(byte as u8);
        byte += 1;
    }
    table
};

/// Mu-law byte to 16-bit linear.
pub(super) static MU_LAW: [i16; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = mu_law(byte as u8);
        byte += 1;
    }
    table
};

const fn a_law(byte: u8) -> i16 {
    let byte = byte ^ 0x55;
    let step = ((byte & 0x0f) as i16) << 4;
    let segment = (byte & 0x70) >> 4;
    let size = if segment == 0 {
        step + 8
    } else {
        (step + 0x108) << (segment - 1)
    };
    if byte & 0x80 != 0 { size } else { -size }
}

const fn mu_law(byte: u8) -> i16 {
    let byte = !byte;
    let step = ((byte & 0x0f) as i16) << 3;
    let segment = (byte & 0x70) >> 4;
    let size = ((step + 0x84) << segment) - 0x84;
    if byte & 0x80 != 0 { -size } else { size }
}
