//! The values of a Parquet column as text: what a column's type says about its numbers.

use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type as PhysicalType};
use parquet::schema::types::ColumnDescriptor;

use super::cells::Cell;

/// What the numbers of a column stand for.
pub(super) enum Form {
    /// Themselves.
    Plain,
    /// Themselves; the column's type has fractions.
    Fraction,
    /// Whole numbers without a sign.
    Unsigned,
    /// A decimal number with so many places after the point.
    Decimal(u32),
    /// Days since 1970-01-01.
    Date,
    /// So many to a second, since 1970-01-01.
    Timestamp { per_second: i64, is_utc: bool },
}

impl Form {
    /// What a column of this type holds, or what it holds that is not read.
    pub(super) fn of(column: &ColumnDescriptor) -> Result<Self, &'static str> {
        let decimal = |scale: i32| u32::try_from(scale).map(Self::Decimal).map_err(|_| "numbers of an unknown scale");
        let form = match column.logical_type_ref() {
            Some(LogicalType::Integer(of)) if !of.is_signed => Self::Unsigned,
            Some(LogicalType::Decimal(of)) => decimal(of.scale)?,
            Some(LogicalType::Date) => Self::Date,
            Some(LogicalType::Timestamp(of)) => {
                let per_second = match of.unit {
                    TimeUnit::MILLIS => 1_000,
                    TimeUnit::MICROS => 1_000_000,
                    TimeUnit::NANOS => 1_000_000_000,
                };
                Self::Timestamp { per_second, is_utc: of.is_adjusted_to_u_t_c }
            }
            Some(LogicalType::Time(_)) => return Err("times of day"),
            _ => match column.converted_type() {
                ConvertedType::UINT_8 | ConvertedType::UINT_16 | ConvertedType::UINT_32 | ConvertedType::UINT_64 => {
                    Self::Unsigned
                }
                ConvertedType::DECIMAL => decimal(column.type_scale())?,
                ConvertedType::DATE => Self::Date,
                ConvertedType::TIMESTAMP_MILLIS => Self::Timestamp { per_second: 1_000, is_utc: true },
                ConvertedType::TIMESTAMP_MICROS => Self::Timestamp { per_second: 1_000_000, is_utc: true },
                _ => Self::Plain,
            },
        };
        match (column.physical_type(), form) {
            (PhysicalType::FLOAT | PhysicalType::DOUBLE, _) => Ok(Self::Fraction),
            (PhysicalType::INT96, _) => Err("times in an old form (INT96)"),
            (PhysicalType::FIXED_LEN_BYTE_ARRAY, Self::Decimal(scale)) if column.type_length() <= 16 => {
                Ok(Self::Decimal(scale))
            }
            (PhysicalType::FIXED_LEN_BYTE_ARRAY, _) | (PhysicalType::BYTE_ARRAY, Self::Decimal(_)) => {
                Err("values of another kind")
            }
            (_, form) => Ok(form),
        }
    }

    /// A single value as a cell.
    pub(super) fn cell(&self, text: String) -> Cell {
        match self {
            Self::Fraction => Cell::Fraction(text),
            Self::Decimal(scale) if *scale > 0 => Cell::Fraction(text),
            _ => Cell::Word(text),
        }
    }

    /// A number of 32 bits.
    pub(super) fn small(&self, number: i32) -> String {
        match self {
            Self::Unsigned => number.cast_unsigned().to_string(),
            _ => self.integer(i64::from(number)),
        }
    }

    /// A number of 64 bits.
    pub(super) fn integer(&self, number: i64) -> String {
        match *self {
            Self::Plain | Self::Fraction => number.to_string(),
            Self::Unsigned => number.cast_unsigned().to_string(),
            Self::Decimal(scale) => decimal(i128::from(number), scale),
            Self::Date => date(number),
            Self::Timestamp { per_second, is_utc } => {
                let (seconds, rest) = (number.div_euclid(per_second), number.rem_euclid(per_second));
                let (day, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
                let (hour, minute) = (second / 3600, second / 60 % 60);
                let digits = per_second.ilog10() as usize;
                let fraction = if rest == 0 { String::new() } else { format!(".{rest:0digits$}") };
                let zone = if is_utc { "Z" } else { "" };
                format!("{}T{hour:02}:{minute:02}:{:02}{fraction}{zone}", date(day), second % 60)
            }
        }
    }

    /// A decimal number of up to 16 bytes, the highest first; `None` for anything else.
    pub(super) fn wide(&self, bytes: &[u8]) -> Option<String> {
        let Self::Decimal(scale) = self else { return None };
        let sign = if bytes.first()? & 0x80 == 0 { 0 } else { -1 };
        let value = bytes.iter().fold(sign, |value: i128, byte| value << 8 | i128::from(*byte));
        (bytes.len() <= 16).then(|| decimal(value, *scale))
    }
}

/// `1234` with two places: `12.34`.
fn decimal(number: i128, scale: u32) -> String {
    let places = scale as usize;
    let digits = format!("{:0width$}", number.unsigned_abs(), width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    let sign = if number < 0 { "-" } else { "" };
    if places == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

/// The date of a day since 1970-01-01 in the Gregorian calendar: H. Hinnant, "chrono-compatible low-level date algorithms",
/// `civil_from_days`. Years begin in March there, so that a leap day is a year's last.
fn date(day: i64) -> String {
    let day = day.saturating_add(719_468);
    let (era, of_era) = (day.div_euclid(146_097), day.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let of_month = of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    format!("{:04}-{month:02}-{of_month:02}", year_of_era + era * 400 + next)
}

#[cfg(test)]
mod tests {
    use super::{Form, date};

    #[test]
    fn days_are_dates_in_leap_years_and_before_1970() {
        let expected = [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (11_016, "2000-02-29"),
            (11_017, "2000-03-01"),
            (19_782, "2024-02-29"),
            (-25_509, "1900-02-28"),
            (-25_508, "1900-03-01"),
        ];
        for (day, text) in expected {
            assert_eq!(date(day), text);
        }
    }

    #[test]
    fn numbers_are_written_as_their_type_says() {
        assert_eq!(Form::Unsigned.small(-1), "4294967295");
        assert_eq!(Form::Unsigned.integer(-1), "18446744073709551615");
        assert_eq!([Form::Decimal(2).integer(1234), Form::Decimal(2).integer(-5)], ["12.34", "-0.05"]);
        assert_eq!(Form::Decimal(0).integer(-5), "-5");
        assert_eq!(Form::Decimal(1).wide(&[0xff, 0x85]).unwrap(), "-12.3");
        assert_eq!(Form::Decimal(1).wide(&[0x00, 0x7b]).unwrap(), "12.3");
        let utc = Form::Timestamp { per_second: 1_000, is_utc: true };
        assert_eq!(utc.integer(1_709_210_096_000), "2024-02-29T12:34:56Z");
        assert_eq!(utc.integer(-1), "1969-12-31T23:59:59.999Z");
        let local = Form::Timestamp { per_second: 1_000_000, is_utc: false };
        assert_eq!(local.integer(1_000), "1970-01-01T00:00:00.001000");
    }
}
