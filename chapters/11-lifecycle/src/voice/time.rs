//! Moments, as logs write them and people type them: RFC 3339.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use process::Error;

/// So many nanoseconds after 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(i128);

const SECOND: i128 = 1_000_000_000;

impl Moment {
    /// This one.
    pub fn now() -> Self {
        Self::from(SystemTime::now())
    }

    /// `2026-11-29T21:05:00.000000000Z`: nine digits, so that all are of one length.
    pub fn written(self) -> String {
        let (seconds, nanoseconds) = (self.0.div_euclid(SECOND), self.0.rem_euclid(SECOND));
        let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        let (year, month, day) = date(days);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{nanoseconds:09}Z")
    }

    /// Reads RFC 3339, of which the time and the zone may be left out: then it is UTC.
    pub fn read(text: &str) -> Option<Self> {
        let (day, rest) = text.split_at_checked(10)?;
        let mut parts = day.split('-').map(number);
        let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
        if parts.next().is_some() || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return None;
        }
        let midnight = days(year, month, day) * 86_400 * SECOND;
        let Some(rest) = rest.strip_prefix(['T', ' ']) else {
            return rest.is_empty().then_some(Self(midnight));
        };
        let (time, zone) = match rest.find(['Z', '+', '-']) {
            Some(at) => rest.split_at(at),
            None => (rest, "Z"),
        };
        let east = match (zone.strip_prefix('+'), zone.strip_prefix('-')) {
            (Some(east), _) => of_day(east)?,
            (_, Some(west)) => -of_day(west)?,
            _ if zone == "Z" => 0,
            _ => return None,
        };
        Some(Self(midnight + of_day(time)? - east))
    }
}

impl std::str::FromStr for Moment {
    type Err = Error;

    /// RFC 3339, seconds since 1970, or how long ago: `10m`, `1h30m`.
    fn from_str(text: &str) -> Result<Self, Error> {
        let seconds = || fraction(text).map(Self);
        let ago = || Some(Self(Self::now().0.checked_sub(duration(text)?)?));
        Self::read(text).or_else(seconds).or_else(ago).ok_or_else(|| {
            Error::new(format!("`{text}` is no moment"))
                .with_hint("2026-11-29T21:05:00Z, seconds since 1970, or how long ago: 10m, 1h30m")
        })
    }
}

impl From<SystemTime> for Moment {
    fn from(time: SystemTime) -> Self {
        let since = |since: Duration| i128::try_from(since.as_nanos()).unwrap_or(i128::MAX);
        Self(time.duration_since(UNIX_EPOCH).map_or_else(|error| -since(error.duration()), since))
    }
}

/// `21:05`, `21:05:00.5`
fn of_day(text: &str) -> Option<i128> {
    let mut parts = text.split(':');
    let (hours, minutes) = (number(parts.next()?)?, number(parts.next()?)?);
    let seconds = parts.next().map_or(Some(0), fraction)?;
    let is_time = hours <= 24 && minutes < 60 && seconds <= 60 * SECOND && parts.next().is_none();
    is_time.then_some((hours * 3600 + minutes * 60) * SECOND + seconds)
}

/// `1h30m`
fn duration(mut text: &str) -> Option<i128> {
    let (mut sum, is_one) = (0_i128, !text.is_empty());
    while !text.is_empty() {
        let (value, rest) = text.split_at(text.find(|c: char| c.is_ascii_alphabetic())?);
        let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let (unit, rest) = rest.split_at(end);
        let (factor, divisor) = match unit {
            "d" => (86_400, 1),
            "h" => (3600, 1),
            "m" => (60, 1),
            "s" => (1, 1),
            "ms" => (1, 1000),
            _ => return None,
        };
        sum = sum.checked_add(fraction(value)?.checked_mul(factor)? / divisor)?;
        text = rest;
    }
    is_one.then_some(sum)
}

/// `7`, `7.25`: in nanoseconds.
fn fraction(text: &str) -> Option<i128> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, "0"));
    let rest = rest.get(..9).unwrap_or(rest);
    let scale = 10_i128.pow(9 - u32::try_from(rest.len()).ok()?);
    Some(number(whole)? * SECOND + number(rest)? * scale)
}

fn number(text: &str) -> Option<i128> {
    let is_number = (1..=18).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

/// The day so many days after 1970-01-01, in years that begin in March: then the leap day is
/// the last one of its year.
fn date(days: i128) -> (i128, i128, i128) {
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + i128::from(month <= 2), month, day)
}

/// The other way round.
fn days(year: i128, month: i128, day: i128) -> i128 {
    let year = year - i128::from(month <= 2);
    let (era, year) = (year.div_euclid(400), year.rem_euclid(400));
    let month = if month > 2 { month - 3 } else { month + 9 };
    let day = (153 * month + 2) / 5 + day - 1;
    era * 146_097 + year * 365 + year / 4 - year / 100 + day - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_as_it_is_written() {
        let known = [
            (0, "1970-01-01T00:00:00.000000000Z"),
            (951_782_400, "2000-02-29T00:00:00.000000000Z"),
            (1_764_424_522, "2025-11-29T13:55:22.000000000Z"),
            (4_102_444_799, "2099-12-31T23:59:59.000000000Z"),
        ];
        for (seconds, text) in known {
            assert_eq!(Moment(seconds * SECOND).written(), text);
            assert_eq!(Moment::read(text), Some(Moment(seconds * SECOND)));
        }
        for day in (0..50_000).step_by(13) {
            let (year, month, date) = date(day);
            assert_eq!(days(year, month, date), day);
        }
    }

    #[test]
    fn people_type_zones_seconds_and_durations() {
        let read = |text: &str| text.parse::<Moment>().expect(text);
        let noon = Moment(1_764_417_600 * SECOND);
        for text in ["2025-11-29T12:00:00Z", "2025-11-29T13:00:00+01:00", "2025-11-29 12:00"] {
            assert_eq!(read(text), noon, "{text}");
        }
        assert_eq!(read("1764417600.25"), Moment(noon.0 + SECOND / 4));
        assert_eq!(read("2025-11-29"), Moment(noon.0 - 12 * 3600 * SECOND));
        let hour = Moment::now().0 - read("59m59.5s500ms").0;
        assert!((3500 * SECOND..3700 * SECOND).contains(&hour), "{hour}");
        for text in ["", "now", "5", "-5", "10q", "2025-13-01", "é025-11-29", "2025-11-29Tx"] {
            assert_eq!(text.parse::<Moment>().is_ok(), text == "5", "{text}");
        }
    }
}
