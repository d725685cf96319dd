//! Hours and their dates, from Monday, 2 March 2026, in UTC.

/// An hour of the table.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Hour {
    /// Since the first one.
    pub(super) index: usize,
}

const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
/// Days from 1 January 1970 to 2 March 2026.
const FIRST_DAY: i64 = 20_514;

impl Hour {
    pub(super) fn new(index: usize) -> Self {
        Self { index }
    }

    /// 0 to 23, in UTC.
    pub(super) fn of_day(&self) -> usize {
        self.index % 24
    }

    pub(super) fn weekday(&self) -> &'static str {
        WEEKDAYS[self.index / 24 % 7]
    }

    /// As ISO 8601 writes it, to the minute.
    pub(super) fn iso(&self) -> String {
        let (year, month, day) = civil(FIRST_DAY + (self.index / 24) as i64);
        format!("{year}-{month:02}-{day:02}T{:02}:00", self.of_day())
    }

    /// Whether it is a working day at `offset` hours from UTC.
    pub(super) fn is_workday(&self, offset: usize) -> bool {
        (self.index + offset) / 24 % 7 < 5
    }
}

/// Year, month and day of a day after 1 January 1970 (Hinnant, chrono-compatible low-level date algorithms).
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::{Hour, civil};

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(civil(0), (1970, 1, 1));
        assert_eq!(civil(11_016), (2000, 2, 29));
        assert_eq!((Hour::new(0).iso(), Hour::new(0).weekday()), ("2026-03-02T00:00".into(), "mon"));
        let after_a_month = Hour::new(30 * 24 + 5);
        assert_eq!((after_a_month.iso(), after_a_month.weekday()), ("2026-04-01T05:00".into(), "wed"));
        assert!(Hour::new(4 * 24).is_workday(0) && !Hour::new(4 * 24 + 20).is_workday(8));
    }
}
