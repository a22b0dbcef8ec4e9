//! Which monthly partition a time falls into. Months are made when the first row of theirs comes.

use std::collections::BTreeSet;

use tokio_postgres::Client;

const DAY_MS: i64 = 86_400_000;
/// Key of the advisory lock under which partitions are made: two of us may want the same month.
const LOCK: i64 = 0x6272_6c6e_6d6f_6e74;

/// A month of the calendar, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Month {
    year: i64,
    month: i64,
}

impl Month {
    /// The month of a time, where months have partitions of their own (2020 to 2099): an unset or
    /// a wild clock must not fill the catalogue with tables.
    pub(crate) fn of(unix_ms: i64) -> Option<Self> {
        // Days to civil date, after H. Hinnant; March is the first month of its year.
        let days = unix_ms.div_euclid(DAY_MS) + 719_468;
        let era = days.div_euclid(146_097);
        let day = days.rem_euclid(146_097);
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        let month = if month < 10 { month + 3 } else { month - 9 };
        let year = year + era * 400 + i64::from(month <= 2);
        (2020..2100).contains(&year).then_some(Self { year, month })
    }

    fn next(self) -> Self {
        match self.month {
            12 => Self {
                year: self.year + 1,
                month: 1,
            },
            month => Self {
                month: month + 1,
                ..self
            },
        }
    }

    fn create(self) -> String {
        let next = self.next();
        format!(
            "CREATE TABLE IF NOT EXISTS records_{:04}_{:02} PARTITION OF records \
             FOR VALUES FROM ('{:04}-{:02}-01 00:00:00+00') TO ('{:04}-{:02}-01 00:00:00+00')",
            self.year, self.month, self.year, self.month, next.year, next.month,
        )
    }
}

/// Makes the partitions that are not `known` yet, in a transaction of their own.
pub(crate) async fn ensure(
    client: &mut Client,
    known: &mut BTreeSet<Month>,
    wanted: &BTreeSet<Month>,
) -> Result<(), tokio_postgres::Error> {
    let missing: Vec<Month> = wanted.difference(known).copied().collect();
    if missing.is_empty() {
        return Ok(());
    }
    let tx = client.transaction().await?;
    tx.execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK])
        .await?;
    for month in &missing {
        tx.batch_execute(&month.create()).await?;
    }
    tx.commit().await?;
    known.extend(missing);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_fall_into_their_months() {
        let of = |ms| Month::of(ms).map(|m| (m.year, m.month));
        assert_eq!(of(1_772_323_200_000), Some((2026, 3)));
        assert_eq!(of(1_772_323_199_999), Some((2026, 2)));
        assert_eq!(of(1_709_164_800_000), Some((2024, 2)));
        assert_eq!(of(1_577_836_800_000), Some((2020, 1)));
        assert_eq!(of(4_102_444_799_999), Some((2099, 12)));
        for wild in [0, 1_577_836_799_999, 4_102_444_800_000, i64::MAX, i64::MIN] {
            assert_eq!(of(wild), None);
        }
    }

    #[test]
    fn december_ends_with_january() {
        let december = Month {
            year: 2026,
            month: 12,
        };
        assert!(december.create().ends_with("TO ('2027-01-01 00:00:00+00')"));
    }
}
