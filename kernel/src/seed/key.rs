//! What makes two seeds the same: compiler, lock file, sources, profile.
use super::{SeedSpec, Toolchain, layout, sources};
use crate::error::{At, Result};
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// The key of the seed that this specification describes, with today's compiler.
pub fn key(spec: &SeedSpec) -> Result<String> {
    with_toolchain(spec, &Toolchain::of(&spec.sources)?)
}

pub(super) fn with_toolchain(spec: &SeedSpec, toolchain: &Toolchain) -> Result<String> {
    let mut hash = Sha256::new();
    let analysed = spec.analysed.join(",");
    for part in [&toolchain.version, layout::PROFILE, layout::FORM, &analysed, &spec.name, &spec.package] {
        field(&mut hash, part.as_bytes());
    }
    field(&mut hash, spec.facade.as_os_str().as_encoded_bytes());
    for file in sources::files(spec)? {
        field(&mut hash, file.as_os_str().as_encoded_bytes());
        let path = spec.sources.join(&file);
        field(&mut hash, &std::fs::read(&path).at(&path)?);
    }
    Ok(hex(&hash.finalize()))
}

/// The key of the sources alone: the name of their copy.
pub(super) fn of_sources(key: &str) -> &str {
    &key[..16]
}

/// A field with its length, so that no two lists of fields look the same.
fn field(hash: &mut Sha256, bytes: &[u8]) {
    hash.update((bytes.len() as u64).to_le_bytes());
    hash.update(bytes);
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
