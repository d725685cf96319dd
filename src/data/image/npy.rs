//! One array of numpy's format: a short header in Python's notation, then the numbers.
//!
//! Source: numpy's `numpy.lib.format`, versions 1 to 3. Every length is checked against what is really there before
//! anything is made of it: a damaged header asks for no memory.

use std::io::Read;

use crate::data::image::files::{ended, exactly, number};
use crate::{Error, Result};

/// An array, as its file holds it.
#[derive(Debug)]
pub(super) struct Array {
    /// What it is called in errors.
    place: String,
    /// Numpy's word for the type, `|u1` for bytes.
    descr: String,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

/// What a header says.
struct Header {
    descr: String,
    fortran_order: bool,
    shape: Vec<usize>,
}

/// A header of more bytes than this is no header of an image data set.
const LONGEST_HEADER: u64 = 10_000;

impl Array {
    /// Reads one array; `place` names its file and itself.
    pub(super) fn read(place: String, mut reader: impl Read) -> Result<Self> {
        let damaged = |problem: String| Error::input(&place, problem, "the file is damaged: fetch or save it again");
        let start = exactly(&mut reader, 8, "its header").map_err(damaged)?;
        if !start.starts_with(b"\x93NUMPY") {
            return Err(damaged("is no numpy array".into()));
        }
        let digits = match start[6] {
            1 => 2,
            2 | 3 => 4,
            other => return Err(damaged(format!("is of the format's version {other}, and 1 to 3 are known"))),
        };
        let length = number(exactly(&mut reader, digits, "its header").map_err(damaged)?.iter().rev());
        if length > LONGEST_HEADER {
            return Err(damaged(format!("its header claims {length} bytes")));
        }
        let text = exactly(&mut reader, length as usize, "its header").map_err(damaged)?;
        let header = std::str::from_utf8(&text).ok().and_then(Header::parse).ok_or_else(|| {
            damaged(format!("its header does not make sense: {}", String::from_utf8_lossy(&text).trim()))
        })?;
        if header.fortran_order && header.shape.iter().filter(|&&side| side > 1).count() > 1 {
            return Err(Error::input(
                &place,
                "its numbers stand in Fortran's order, columns first",
                "save it again with np.ascontiguousarray(array)",
            ));
        }
        let width: usize = header.descr.trim_start_matches(|c: char| !c.is_ascii_digit()).parse().unwrap_or(0);
        let total = header.shape.iter().try_fold(width, |product, &side| product.checked_mul(side));
        let Some(total) = total.filter(|_| (1..=8).contains(&width)) else {
            return Err(damaged(format!("its header claims the type {} and {:?} numbers", header.descr, header.shape)));
        };
        let bytes = exactly(&mut reader, total, "it").map_err(damaged)?;
        ended(&mut reader, "it").map_err(damaged)?;
        Ok(Self { descr: header.descr, shape: header.shape, bytes, place })
    }

    pub(super) fn shape(&self) -> &[usize] {
        &self.shape
    }

    pub(super) fn place(&self) -> &str {
        &self.place
    }

    /// The numbers as bytes.
    ///
    /// # Errors
    /// For any other type than `uint8`.
    pub(super) fn into_bytes(self) -> Result<Vec<u8>> {
        match self.descr.as_str() {
            "|u1" | "<u1" => Ok(self.bytes),
            other => Err(Error::input(
                self.place,
                format!("holds numbers of the type {other}, pixels are bytes (uint8)"),
                "save pixels from 0 to 255 with array.astype(np.uint8)",
            )),
        }
    }

    /// The numbers as labels: whole numbers from 0 on.
    ///
    /// # Errors
    /// For floating-point and other types, big-endian numbers, and negative ones.
    pub(super) fn labels(&self) -> Result<Vec<usize>> {
        let (order, kind) = self.descr.split_at(1);
        let (signed, width) = match kind {
            "b1" | "u1" | "u2" | "u4" | "u8" => (false, usize::from(kind.as_bytes()[1] - b'0')),
            "i1" | "i2" | "i4" | "i8" => (true, usize::from(kind.as_bytes()[1] - b'0')),
            _ => (false, 0),
        };
        if width == 0 || (order == ">" && width > 1) {
            return Err(Error::input(
                &self.place,
                format!("holds numbers of the type {}, labels are whole numbers", self.descr),
                "save labels from 0 on with array.astype(np.uint8)",
            ));
        }
        let label = |(row, bytes): (usize, &[u8])| {
            if signed && bytes[width - 1] >= 0x80 {
                let place = format!("{}, row {row}", self.place);
                return Err(Error::input(place, "the label is negative", "number the classes from 0"));
            }
            Ok(usize::try_from(number(bytes.iter().rev())).unwrap_or(usize::MAX))
        };
        self.bytes.chunks_exact(width).enumerate().map(label).collect()
    }
}

impl Header {
    /// Reads `{'descr': '|u1', 'fortran_order': False, 'shape': (3, 28, 28), }`; keys may come in any order.
    fn parse(text: &str) -> Option<Self> {
        let fields = text.trim().strip_prefix('{')?.strip_suffix('}')?;
        let value = |key: &str| {
            let (_, after) = fields.split_once(&format!("'{key}'"))?;
            Some(after.trim_start().strip_prefix(':')?.trim_start())
        };
        // A list of types, as structured arrays have, starts with a bracket instead.
        let (descr, _) = value("descr")?.strip_prefix('\'')?.split_once('\'')?;
        let ascii = descr.is_ascii() && descr.len() >= 2;
        let order = value("fortran_order")?;
        let fortran_order = order.starts_with("True");
        if !ascii || !(fortran_order || order.starts_with("False")) {
            return None;
        }
        let (sides, _) = value("shape")?.strip_prefix('(')?.split_once(')')?;
        let sides = sides.trim().trim_end_matches(',');
        let shape = match sides {
            "" => Vec::new(),
            sides => sides.split(',').map(|side| side.trim().parse().ok()).collect::<Option<_>>()?,
        };
        Some(Self { descr: descr.to_owned(), fortran_order, shape })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of numpy's format, version 1.
    fn file(header: &str, numbers: &[u8]) -> Vec<u8> {
        let mut file = b"\x93NUMPY\x01\x00".to_vec();
        file.extend((header.len() as u16).to_le_bytes());
        file.extend(header.as_bytes());
        file.extend(numbers);
        file
    }

    fn read(header: &str, numbers: &[u8]) -> Result<Array> {
        Array::read("set.npz, array x".into(), file(header, numbers).as_slice())
    }

    fn header(descr: &str, shape: &str) -> String {
        format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}   \n")
    }

    #[test]
    fn shapes_and_whole_numbers_are_read() {
        let array = read(&header("|u1", "(2, 3)"), &[1, 2, 3, 4, 5, 6]).unwrap();
        assert_eq!(array.shape(), [2, 3]);
        assert_eq!(array.into_bytes().unwrap(), [1, 2, 3, 4, 5, 6]);
        assert_eq!(read(&header("<i2", "(2,)"), &[1, 1, 2, 0]).unwrap().labels().unwrap(), [257, 2]);
        assert_eq!(read(&header("<i8", "(1, 1)"), &[5, 0, 0, 0, 0, 0, 0, 0]).unwrap().labels().unwrap(), [5]);
        assert_eq!(read(&header("|b1", "(2,)"), &[0, 1]).unwrap().labels().unwrap(), [0, 1]);
        assert_eq!(read(&header("|u1", "()"), &[7]).unwrap().labels().unwrap(), [7]);
    }

    #[test]
    fn what_cannot_be_right_is_refused_with_its_place() {
        let labels = |header: &str, numbers: &[u8]| {
            let message = read(header, numbers).and_then(|array| array.labels()).unwrap_err().to_string();
            assert!(message.starts_with("set.npz, array x"), "{message}");
            message
        };
        assert!(labels(&header("|u1", "(3,)"), &[1]).contains("it ends after 1 of 3 bytes"));
        assert!(labels(&header("|u1", "(1,)"), &[1, 2]).contains("more bytes than its header"));
        assert!(labels(&header("<f4", "(1,)"), &[0; 4]).contains("whole numbers"));
        assert!(labels(&header(">i4", "(1,)"), &[0; 4]).contains("whole numbers"));
        assert!(labels(&header("<i4", "(2,)"), &[0, 0, 0, 0, 255, 255, 255, 255]).contains("row 1: the label is neg"));
        assert!(labels(&header("|u1", "(99999999999, 99999999999)"), &[1]).contains("its header claims"));
        assert!(labels(&header("|u1", "(9999999999999999)"), &[1]).contains("ends after 1 of"));
        assert!(labels(&header("|O", "(1,)"), &[1]).contains("its header claims the type |O"));
        assert!(labels(&header("|u1", "(-1,)"), &[1]).contains("does not make sense"));
        assert!(labels("{'descr': [('a', '<i4')], 'fortran_order': False, 'shape': (1,)}", &[1]).contains("sense"));
        assert!(labels("{'descr': '|u1', 'shape': (1,)}", &[1]).contains("sense"));
        let columns_first = "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 2), }";
        assert!(labels(columns_first, &[0; 4]).contains("np.ascontiguousarray"));
        assert!(labels(&columns_first.replace("(2, 2)", "(4, 1)"), &[0; 5]).contains("more bytes"));
        let short = Array::read("x".into(), &b"PK"[..]).unwrap_err().to_string();
        assert!(short.contains("its header ends after 2 of 8 bytes"), "{short}");
        let text = Array::read("x".into(), &b"plain text, no array"[..]).unwrap_err().to_string();
        assert!(text.contains("is no numpy array"), "{text}");
        let floats = read(&header("<f4", "(1,)"), &[0; 4]).unwrap().into_bytes().unwrap_err().to_string();
        assert!(floats.contains("type <f4, pixels are bytes"), "{floats}");
    }
}
