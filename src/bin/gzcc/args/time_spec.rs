//! Ages and dates on the command line, converted to points in time.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, Zoned};

use gzcc::settings::FileTime;

/// Parses an age (`7d`, `12h`, `1w 2d`), which is subtracted from the current time, or a date (`2026-11-01`,
/// `2026-11-01 12:30` in local time, `@1700000000`).
pub(super) fn moment(text: &str) -> Result<FileTime, &'static str> {
    parse_at(text, Zoned::now())
}

/// [`moment`] with the current time as a parameter, for tests.
fn parse_at(text: &str, now: Zoned) -> Result<FileTime, &'static str> {
    const SYNTAX: &str = "expected an age such as 7d or 12h, or a date such as 2026-11-01";
    const RANGE: &str = "out of range: expected a time between the years -9999 and 9999";
    let time = match text.strip_prefix('@') {
        Some(seconds) => seconds.parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok()),
        None => date(text, now.time_zone()).or_else(|| before(&now, text)),
    };
    let nanoseconds = time.ok_or_else(|| if is_number(text) { RANGE } else { SYNTAX })?.as_nanosecond();
    const SECOND: i128 = 1_000_000_000;
    let seconds = nanoseconds.div_euclid(SECOND) as i64;
    Ok(FileTime { seconds, nanoseconds: nanoseconds.rem_euclid(SECOND) as u64 })
}

/// Whether `text`, which was rejected, has the syntax of an age or of `@SECONDS`, so that only its value is wrong.
fn is_number(text: &str) -> bool {
    match text.strip_prefix('@') {
        Some(seconds) => {
            let digits = seconds.strip_prefix('-').unwrap_or(seconds);
            !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
        }
        None => {
            // Every number is replaced by 1, so only the syntax decides.
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

/// Parses a date. Without a time it means midnight; without an offset (`Z`, `+01:00`) it is local time.
fn date(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let local = || text.parse::<DateTime>().ok()?.to_zoned(zone.clone()).ok();
    text.parse::<Timestamp>().ok().or_else(|| local().map(|zoned| zoned.timestamp()))
}

/// Parses an age and subtracts it from `now`. Days are calendar days: one day ago the clock showed the same time, also
/// across a change to summer time.
fn before(now: &Zoned, text: &str) -> Option<Timestamp> {
    // jiff also accepts ISO 8601 durations such as P7D. The first character must be a digit, so that the help describes
    // the whole syntax.
    let age: Span = Some(text).filter(|text| text.starts_with(|c: char| c.is_ascii_digit()))?.parse().ok()?;
    let then = (!age.is_negative()).then(|| now.checked_sub(age).ok())?;
    then.map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Parses `text` at noon UTC on 2026-11-25, in the zone `offset` hours east of UTC.
    fn parsed(text: &str, offset: i8) -> Result<FileTime, &'static str> {
        let now: Timestamp = "2026-11-25T12:00:00Z".parse().unwrap();
        parse_at(text, now.to_zoned(TimeZone::fixed(jiff::tz::offset(offset))))
    }

    fn utc(text: &str) -> FileTime {
        FileTime { seconds: text.parse::<Timestamp>().unwrap().as_second(), nanoseconds: 0 }
    }

    #[test]
    fn an_age_is_subtracted_from_now() {
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
            assert_eq!(parsed(text, 0), Ok(utc(expected)), "{text}");
        }
    }

    #[test]
    fn a_date_is_local_time_unless_it_has_an_offset() {
        for (text, expected) in [
            ("2026-11-01", "2026-10-31T23:00:00Z"),
            ("2026-11-01 12:30", "2026-11-01T11:30:00Z"),
            ("2026-11-01T12:30:15", "2026-11-01T11:30:15Z"),
            ("2026-11-01T12:30:15Z", "2026-11-01T12:30:15Z"),
            ("2026-11-01T12:30+05:00", "2026-11-01T07:30:00Z"),
            ("@1700000000", "2023-11-14T22:13:20Z"),
        ] {
            assert_eq!(parsed(text, 1), Ok(utc(expected)), "{text}");
        }
        assert_eq!(parsed("1969-12-31T23:59:59.5Z", 1), Ok(FileTime { seconds: -1, nanoseconds: 500_000_000 }));
    }

    #[test]
    fn a_value_that_is_too_large_is_out_of_range() {
        for text in
            ["99999999999d", "13000y", "99999y", "9999999999999999999999999w", "@99999999999999", "@-99999999999999"]
        {
            assert!(parsed(text, 0).unwrap_err().starts_with("out of range"), "{text}");
        }
        for text in ["99999999999x", "99999999999", "@", "@99999999999999s"] {
            assert!(parsed(text, 0).unwrap_err().starts_with("expected an age"), "{text}");
        }
    }

    #[test]
    fn other_text_is_rejected() {
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
            assert!(parsed(text, 0).is_err(), "{text}");
        }
    }
}
