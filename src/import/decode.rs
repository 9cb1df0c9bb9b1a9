//! Converts texts in other encodings to UTF-8, and names the line of a character that has none.

use super::content;
use super::error::Refusal;

/// Converts a text whose byte order mark is that of UTF-16; returns others as they are.
pub(super) fn without_utf_16(bytes: Vec<u8>) -> Result<Vec<u8>, Refusal> {
    let decode = |units: &[u8], unit: fn([u8; 2]) -> u16| {
        let (pairs, odd) = units.as_chunks::<2>();
        let mut text = String::with_capacity(bytes.len());
        for character in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
            let character = character.map_err(|_| undecodable("UTF-16", text.as_bytes()))?;
            text.push(character);
        }
        match odd {
            [] => Ok(text.into_bytes()),
            _ => Err(undecodable("UTF-16", text.as_bytes())),
        }
    };
    match bytes.as_slice() {
        [0xff, 0xfe, units @ ..] => decode(units, u16::from_le_bytes),
        [0xfe, 0xff, units @ ..] => decode(units, u16::from_be_bytes),
        _ => Ok(bytes),
    }
}

/// The characters of the bytes from 0x80 to 0x9f; the other bytes are those of ISO 8859-1.
const WINDOWS_1252: [Option<char>; 32] = [
    Some('€'),
    None,
    Some('‚'),
    Some('ƒ'),
    Some('„'),
    Some('…'),
    Some('†'),
    Some('‡'),
    Some('ˆ'),
    Some('‰'),
    Some('Š'),
    Some('‹'),
    Some('Œ'),
    None,
    Some('Ž'),
    None,
    None,
    Some('‘'),
    Some('’'),
    Some('“'),
    Some('”'),
    Some('•'),
    Some('–'),
    Some('—'),
    Some('˜'),
    Some('™'),
    Some('š'),
    Some('›'),
    Some('œ'),
    None,
    Some('ž'),
    Some('Ÿ'),
];

/// Converts a text in Windows-1252.
pub(super) fn windows_1252(bytes: &[u8]) -> Result<String, Refusal> {
    let mut text = String::with_capacity(bytes.len() + bytes.len() / 8);
    for byte in bytes {
        let character = match byte {
            0x80..=0x9f => WINDOWS_1252[usize::from(byte - 0x80)],
            other => Some(char::from(*other)),
        };
        text.push(character.ok_or_else(|| undecodable("Windows-1252", text.as_bytes()))?);
    }
    Ok(text)
}

/// Refuses a text of which the characters before the invalid one are given.
fn undecodable(encoding: &'static str, before: &[u8]) -> Refusal {
    let line = 1 + content::count_newlines(before);
    Refusal::Undecodable { encoding, line }
}
