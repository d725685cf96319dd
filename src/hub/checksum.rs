//! Checksums of files, in the kinds that publishers give.

use std::fmt;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use md5::Md5;
use sha1_smol::Sha1;
use sha2::{Digest, Sha256};

use crate::words::hexadecimal;

/// What a file must hold, as its publisher says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Checksum {
    /// Of the bytes: what the Hub says of large files.
    Sha256(String),
    /// Of the bytes behind a line with their number, as git names its objects: what the Hub says of small files.
    GitBlob(String),
    /// Of the bytes: what Zenodo says.
    Md5(String),
}

impl Checksum {
    /// The checksum that the Hub's ETag is, by its length.
    pub(crate) fn of_etag(etag: &str) -> Option<Self> {
        let is_hexadecimal = etag.bytes().all(|byte| byte.is_ascii_hexdigit());
        match etag.len() {
            64 if is_hexadecimal => Some(Self::Sha256(etag.to_lowercase())),
            40 if is_hexadecimal => Some(Self::GitBlob(etag.to_lowercase())),
            _ => None,
        }
    }

    /// Whether a file has it; otherwise the checksum that the file has.
    pub(crate) fn check(&self, path: &Path) -> std::io::Result<Result<(), Self>> {
        let file = File::open(path)?;
        let size = file.metadata()?.len();
        let file = BufReader::with_capacity(1 << 16, file);
        let found = match self {
            Self::Sha256(_) => {
                let mut hash = Sha256::new();
                each_part(file, |part| hash.update(part))?;
                Self::Sha256(hexadecimal(&hash.finalize()))
            }
            Self::GitBlob(_) => {
                let mut hash = Sha1::from(format!("blob {size}\0"));
                each_part(file, |part| hash.update(part))?;
                Self::GitBlob(hash.digest().to_string())
            }
            Self::Md5(_) => {
                let mut hash = Md5::new();
                each_part(file, |part| hash.update(part))?;
                Self::Md5(hexadecimal(&hash.finalize()))
            }
        };
        Ok(if found == *self { Ok(()) } else { Err(found) })
    }
}

/// Its kind and its digits.
impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sha256(digits) => write!(f, "SHA-256 {digits}"),
            Self::GitBlob(digits) => write!(f, "git hash {digits}"),
            Self::Md5(digits) => write!(f, "MD5 {digits}"),
        }
    }
}

fn each_part(mut file: impl Read, mut take: impl FnMut(&[u8])) -> std::io::Result<()> {
    let mut part = vec![0; 1 << 16];
    loop {
        match file.read(&mut part)? {
            0 => return Ok(()),
            count => take(&part[..count]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_the_usual_tools() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "hello\n").unwrap();
        // sha256sum, git hash-object, md5sum.
        let all = [
            Checksum::Sha256("5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03".into()),
            Checksum::GitBlob("ce013625030ba8dba906f756967f9e9ca394464a".into()),
            Checksum::Md5("b1946ac92492d2347c6235b4d2611184".into()),
        ];
        for checksum in &all {
            assert_eq!(checksum.check(&file).unwrap(), Ok(()));
        }
        std::fs::write(&file, "hellO\n").unwrap();
        for checksum in &all {
            let found = checksum.check(&file).unwrap().unwrap_err();
            assert_eq!(std::mem::discriminant(&found), std::mem::discriminant(checksum));
        }
        assert_eq!(Checksum::of_etag(&"A".repeat(64)), Some(Checksum::Sha256("a".repeat(64))));
        assert_eq!(Checksum::of_etag(&"a".repeat(40)), Some(Checksum::GitBlob("a".repeat(40))));
        assert_eq!(Checksum::of_etag("6496-59a8"), None);
    }
}
