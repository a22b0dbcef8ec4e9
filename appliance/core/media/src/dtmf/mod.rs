//! Keys as tones in the audio (ITU-T Q.23): made, and heard within the limits of ITU-T Q.24.
//!
//! [`DtmfDetector`] listens to 8 kHz samples of any cut; [`DtmfGenerator`] makes them. Both keep all
//! state inside and take no memory. Events of RFC 4733 are [`crate::digits`]; whoever bridges two
//! streams turns one kind into the other.

mod detect;
mod generate;
mod spectrum;

pub use detect::DtmfDetector;
pub use generate::DtmfGenerator;

/// Frequencies of the rows, Hz.
const ROWS: [f64; 4] = [697.0, 770.0, 852.0, 941.0];
/// Frequencies of the columns, Hz.
const COLUMNS: [f64; 4] = [1_209.0, 1_336.0, 1_477.0, 1_633.0];
/// The keys, a row after the other.
const KEYS: [[char; 4]; 4] = [
    ['1', '2', '3', 'A'],
    ['4', '5', '6', 'B'],
    ['7', '8', '9', 'C'],
    ['*', '0', '#', 'D'],
];

/// The two frequencies of a key, Hz; `None` for what is no key.
pub fn frequencies(key: char) -> Option<(f64, f64)> {
    for (row, keys) in ROWS.iter().zip(&KEYS) {
        for (column, name) in COLUMNS.iter().zip(keys) {
            if name.eq_ignore_ascii_case(&key) {
                return Some((*row, *column));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests;
