//! Ages and dates, as they are typed: the moment that is meant.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, Zoned};

use gzcc::settings::Moment;

/// The moment that an age (`7d`, `12h`, `1w 2d`) or a date (`2026-11-01`, `2026-11-01 12:30`, local; `@1700000000`)
/// stands for.
pub(super) fn moment(text: &str) -> Result<Moment, &'static str> {
    at(text, Zoned::now())
}

/// [`moment`] at another time.
fn at(text: &str, now: Zoned) -> Result<Moment, &'static str> {
    const SYNTAX: &str = "expected an age such as 7d or 12h, or a date such as 2026-11-01";
    const RANGE: &str = "out of range: expected a time between the years -9999 and 9999";
    let meant = match text.strip_prefix('@') {
        Some(seconds) => seconds.parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok()),
        None => date(text, now.time_zone()).or_else(|| before(&now, text)),
    };
    let nanoseconds = meant.ok_or_else(|| if is_number(text) { RANGE } else { SYNTAX })?.as_nanosecond();
    const SECOND: i128 = 1_000_000_000;
    Ok((nanoseconds.div_euclid(SECOND) as i64, nanoseconds.rem_euclid(SECOND) as u64))
}

/// Whether `text`, which stands for no time, is an age or a number of seconds all the same, and so too large.
fn is_number(text: &str) -> bool {
    match text.strip_prefix('@') {
        Some(seconds) => {
            let digits = seconds.strip_prefix('-').unwrap_or(seconds);
            !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
        }
        None => {
            // With every number replaced by 1, it is an age that is not too large.
            let mut small = String::new();
            for c in text.chars() {
                let digit = c.is_ascii_digit();
                if !(digit && small.ends_with('1')) {
                    small.push(if digit { '1' } else { c });
                }
            }
            small.starts_with('1') && small.parse::<Span>().is_ok()
        }
    }
}

/// A date alone is its first moment. With an offset (`Z`, `+01:00`) it is what it says, else local.
fn date(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let local = || text.parse::<DateTime>().ok()?.to_zoned(zone.clone()).ok();
    text.parse::<Timestamp>().ok().or_else(|| local().map(|zoned| zoned.timestamp()))
}

/// So long before `now`. Days are those of the calendar: a day ago it was as late as now.
fn before(now: &Zoned, text: &str) -> Option<Timestamp> {
    // P7D is ISO's, and means the same; but so might anything else that begins with a letter.
    let age: Span = Some(text).filter(|text| text.starts_with(|c: char| c.is_ascii_digit()))?.parse().ok()?;
    let then = (!age.is_negative()).then(|| now.checked_sub(age).ok())?;
    then.map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `text` means at noon, UTC, of 2026-11-25, and two time zones.
    fn meant(text: &str, offset: i8) -> Result<Moment, &'static str> {
        let now: Timestamp = "2026-11-25T12:00:00Z".parse().unwrap();
        at(text, now.to_zoned(TimeZone::fixed(jiff::tz::offset(offset))))
    }

    fn utc(text: &str) -> Moment {
        (text.parse::<Timestamp>().unwrap().as_second(), 0)
    }

    #[test]
    fn an_age_is_counted_back_from_now() {
        for (text, expected) in [
            ("7d", "2026-11-18T12:00:00Z"),
            ("12h", "2026-11-25T00:00:00Z"),
            ("90m", "2026-11-25T10:30:00Z"),
            ("30min", "2026-11-25T11:30:00Z"),
            ("45s", "2026-11-25T11:59:15Z"),
            ("2w", "2026-11-11T12:00:00Z"),
            ("1mo", "2026-10-25T12:00:00Z"),
            ("1y", "2025-11-25T12:00:00Z"),
            ("1w 2d", "2026-11-16T12:00:00Z"),
            ("1d12h", "2026-11-24T00:00:00Z"),
            ("7 days", "2026-11-18T12:00:00Z"),
            ("0d", "2026-11-25T12:00:00Z"),
        ] {
            assert_eq!(meant(text, 0), Ok(utc(expected)), "{text}");
        }
    }

    #[test]
    fn a_date_is_local_unless_it_says_otherwise() {
        for (text, expected) in [
            ("2026-11-01", "2026-10-31T23:00:00Z"),
            ("2026-11-01 12:30", "2026-11-01T11:30:00Z"),
            ("2026-11-01T12:30:15", "2026-11-01T11:30:15Z"),
            ("2026-11-01T12:30:15Z", "2026-11-01T12:30:15Z"),
            ("2026-11-01T12:30+05:00", "2026-11-01T07:30:00Z"),
            ("@1700000000", "2023-11-14T22:13:20Z"),
        ] {
            assert_eq!(meant(text, 1), Ok(utc(expected)), "{text}");
        }
        assert_eq!(meant("1969-12-31T23:59:59.5Z", 1), Ok((-1, 500_000_000)));
    }

    #[test]
    fn an_age_or_time_that_is_too_large_is_said_to_be_out_of_range() {
        for text in
            ["99999999999d", "13000y", "99999y", "9999999999999999999999999w", "@99999999999999", "@-99999999999999"]
        {
            assert!(meant(text, 0).unwrap_err().starts_with("out of range"), "{text}");
        }
        for text in ["99999999999x", "99999999999", "@", "@99999999999999s"] {
            assert!(meant(text, 0).unwrap_err().starts_with("expected an age"), "{text}");
        }
    }

    #[test]
    fn what_is_neither_is_refused() {
        for text in [
            "",
            "7",
            "-7d",
            "7d ago",
            "d",
            "7x",
            "2026-13-01",
            "2026-11-31",
            "yesterday",
            "P7D",
            "@",
            "@x",
            "99999y",
            "7d,",
        ] {
            assert!(meant(text, 0).is_err(), "{text}");
        }
    }
}
