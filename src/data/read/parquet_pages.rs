//! Checks of what a Parquet file says of itself, before its decoders trust it: with a byte or two changed it can say that a
//! column starts before the file, or that values stand in a dictionary that there is not, and the decoders panic on that.

use parquet::basic::{Encoding, Type as PhysicalType};
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::schema::types::ColumnDescriptor;

/// Refuses a column of a row group whose bytes are not all inside a file of `size` bytes.
pub(super) fn check_chunk(chunk: &ColumnChunkMetaData, size: u64) -> Result<()> {
    let start = chunk.dictionary_page_offset().unwrap_or_else(|| chunk.data_page_offset());
    let end = start.checked_add(chunk.compressed_size());
    let [start, end] = [Some(start), end].map(|place| place.and_then(|place| u64::try_from(place).ok()));
    match (start, end) {
        (Some(start), Some(end)) if start <= end && end <= size => Ok(()),
        _ => Err(lies("a column does not lie inside the file")),
    }
}

/// The pages of one column of a row group, each checked before a decoder gets it.
pub(super) struct CheckedPages {
    pages: Box<dyn PageReader>,
    /// The highest levels of the column: how often it repeats, and how deep it is.
    max_levels: [i16; 2],
    holds_texts: bool,
    has_dictionary: bool,
}

impl CheckedPages {
    pub(super) fn new(pages: Box<dyn PageReader>, column: &ColumnDescriptor) -> Self {
        Self {
            pages,
            max_levels: [column.max_rep_level(), column.max_def_level()],
            holds_texts: column.physical_type() == PhysicalType::BYTE_ARRAY,
            has_dictionary: false,
        }
    }

    fn check(&mut self, page: &Page) -> Result<()> {
        if page.is_data_page() {
            let of_dictionary = matches!(page.encoding(), Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY);
            if of_dictionary && !self.has_dictionary {
                return Err(lies("its dictionary is missing"));
            }
        }
        match page {
            // No value takes less than a bit.
            Page::DictionaryPage { buf, num_values, .. } if *num_values as usize > 8 * buf.len() => {
                Err(lies("a dictionary is shorter than it says"))
            }
            Page::DictionaryPage { .. } => {
                self.has_dictionary = true;
                Ok(())
            }
            Page::DataPage { buf, num_values, def_level_encoding, rep_level_encoding, .. } => {
                self.check_levels(buf, *num_values as usize, [*rep_level_encoding, *def_level_encoding])
            }
            Page::DataPageV2 { buf, rep_levels_byte_len, def_levels_byte_len, .. } => {
                match rep_levels_byte_len.checked_add(*def_levels_byte_len) {
                    Some(levels) if levels as usize <= buf.len() => Ok(()),
                    _ => Err(lies("the levels are longer than their page")),
                }
            }
        }
    }

    /// Levels of the old form, whose length follows from the number of values, have to be there. Others say how long they
    /// are, and the decoder checks it.
    fn check_levels(&self, page: &[u8], values: usize, encodings: [Encoding; 2]) -> Result<()> {
        let mut rest = page;
        for (max, encoding) in self.max_levels.into_iter().zip(encodings) {
            if max == 0 {
                continue;
            }
            let length = if encoding == Encoding::RLE {
                let Some((length, _)) = rest.split_first_chunk() else { return Ok(()) };
                4_usize.saturating_add(u32::from_le_bytes(*length) as usize)
            } else {
                let bits = i16::BITS - max.leading_zeros();
                values.saturating_mul(bits as usize).div_ceil(8)
            };
            rest = rest.get(length..).ok_or_else(|| lies("the levels are longer than their page"))?;
        }
        Ok(())
    }
}

impl PageReader for CheckedPages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let mut page = self.pages.get_next_page()?;
        if let Some(page) = &mut page {
            self.check(page)?;
            if self.holds_texts {
                close_texts(page);
            }
        }
        Ok(page)
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.pages.skip_next_page()
    }

    fn at_record_boundary(&mut self) -> Result<bool> {
        self.pages.at_record_boundary()
    }
}

impl Iterator for CheckedPages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

/// Puts a length that nothing can have behind texts that each stand behind their length. The decoder reads it when there
/// are fewer texts than the page says, and ends with an error; it would panic at the page's end.
fn close_texts(page: &mut Page) {
    let (Page::DataPage { buf, encoding: Encoding::PLAIN, .. }
    | Page::DataPageV2 { buf, encoding: Encoding::PLAIN, .. }
    | Page::DictionaryPage { buf, .. }) = page
    else {
        return;
    };
    *buf = [&buf[..], &[0xff; 4]].concat().into();
}

fn lies(what: &str) -> ParquetError {
    ParquetError::General(what.to_owned())
}
