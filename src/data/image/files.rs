//! What the readers have in common: bytes that must be there, and a data set's name.

use std::io::Read;
use std::path::Path;

/// The next `count` bytes, or what is wrong. A damaged header that claims more than there is costs no memory.
pub(super) fn exactly(reader: &mut impl Read, count: usize, what: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    match reader.by_ref().take(count as u64).read_to_end(&mut bytes) {
        Ok(there) if there == count => Ok(bytes),
        Ok(there) => Err(format!("{what} ends after {there} of {count} bytes")),
        Err(problem) => Err(format!("{what} cannot be unpacked ({problem})")),
    }
}

/// That nothing is left. Packed files compare their checksum only where they end, so this must be asked.
pub(super) fn ended(reader: &mut impl Read, what: &str) -> Result<(), String> {
    match reader.take(1).read_to_end(&mut Vec::new()) {
        Ok(0) => Ok(()),
        Ok(_) => Err(format!("{what} holds more bytes than its header says")),
        Err(problem) => Err(format!("{what} cannot be unpacked to its end ({problem})")),
    }
}

/// The number that `bytes`, eight at most, write; the most significant first.
pub(super) fn number<'a>(bytes: impl IntoIterator<Item = &'a u8>) -> u64 {
    bytes.into_iter().fold(0, |number, &byte| (number << 8) | u64::from(byte))
}

/// What a data set is called that was read from `path`: the file's name without its ending.
pub(super) fn stem(path: &Path) -> String {
    path.file_stem().map_or_else(|| path.display().to_string(), |stem| stem.display().to_string())
}
