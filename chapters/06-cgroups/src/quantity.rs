//! Amounts as people write them: `64m`, `0-1,3`, `/dev/vda:1mb`.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::str::FromStr;

/// The steps from one unit to the next.
const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];

/// `67108864` as `64 MiB`, `1500000` as `1.4 MiB`.
pub fn size(bytes: u64) -> String {
    let power = (1..UNITS.len()).take_while(|&power| bytes >> (10 * power) > 0).count();
    let unit = 1u64 << (10 * power);
    match bytes % unit {
        0 => format!("{} {}", bytes / unit, UNITS[power]),
        _ => format!("{:.1} {}", bytes as f64 / unit as f64, UNITS[power]),
    }
}

/// `64m`, `1.5g`, `1mb`, `512`: a number of bytes, a unit being 1024 of the one below.
///
/// # Errors
/// If it is none, or more than the kernel can count.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the text has no sign, and too large a number was refused"
)]
pub fn bytes(text: &str) -> Result<u64, String> {
    let at = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(at);
    let power = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 1,
        "m" | "mb" | "mib" => 2,
        "g" | "gb" | "gib" => 3,
        "t" | "tb" | "tib" => 4,
        _ => return Err(format!("unknown unit {unit:?}: use b, k, m, g or t")),
    };
    let number: f64 = number.parse().map_err(|_| "expected a size such as 64m or 1.5g")?;
    let bytes = number * (1u64 << (10 * power)) as f64;
    // Beyond this the kernel's own counters end, and it takes the number for "unlimited".
    if bytes >= i64::MAX as f64 {
        return Err("more than the kernel can count".to_owned());
    }
    Ok(bytes as u64)
}

/// `--memory-swap`: memory and swap together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Swap {
    /// `-1`: as much swap as the host has.
    Unlimited,
    /// At most this much of both, in bytes.
    Total(u64),
}

impl FromStr for Swap {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "-1" => Ok(Self::Unlimited),
            text => bytes(text).map(Self::Total),
        }
    }
}

/// A list of processors as the kernel writes it: `0-1,3`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CpuList {
    /// The list in the kernel's form.
    pub text: String,
    /// The number of each processor in it.
    pub cpus: BTreeSet<u16>,
}

impl FromStr for CpuList {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // No kernel is built for more than 8192, so that a list stays a short one.
        let number = |text: &str| text.parse().ok().filter(|&cpu: &u16| cpu < 8192);
        let mut cpus = BTreeSet::new();
        for part in text.trim().split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (Some(first), Some(last)) = (number(first), number(last)) else {
                return Err("expected processor numbers such as 0-2 or 0,2".to_owned());
            };
            if first > last {
                return Err(format!("the range {part} ends before it begins"));
            }
            cpus.extend(first..=last);
        }
        Ok(Self { text: text.trim().to_owned(), cpus })
    }
}

/// `/dev/vda:1mb`: how fast a disk may be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceRate {
    /// The disk's device node.
    pub device: PathBuf,
    /// Bytes per second.
    pub rate: u64,
}

impl FromStr for DeviceRate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (device, rate) = text.rsplit_once(':').ok_or("expected DEVICE:RATE")?;
        if !device.starts_with('/') {
            return Err("the device is a path such as /dev/sda".to_owned());
        }
        match bytes(rate)? {
            0 => Err("the rate must be at least 1 byte a second".to_owned()),
            rate => Ok(Self { device: device.into(), rate }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_the_units_of_docker() {
        assert_eq!(bytes("64m"), Ok(64 << 20));
        assert_eq!(bytes("1.5G"), Ok(3 << 29));
        assert_eq!(bytes("1mb"), Ok(1 << 20));
        assert_eq!(bytes("512"), Ok(512));
        for wrong in ["", "m", "64x", "-1", "1.2.3k", "9999999999t"] {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
        assert_eq!(size(64 << 20), "64 MiB");
        assert_eq!(size(1_500_000), "1.4 MiB");
        assert_eq!(size(0), "0 B");
    }

    #[test]
    fn a_list_of_processors_is_a_set() {
        let list: CpuList = "0-2,5".parse().unwrap();
        assert_eq!(list.cpus, BTreeSet::from([0, 1, 2, 5]));
        for wrong in ["", "a", "1-", "2-1", "0,", "0-99999"] {
            assert!(wrong.parse::<CpuList>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_device_rate_is_split_at_the_last_colon() {
        let rate: DeviceRate = "/dev/disk/by-path/pci-0000:00:02.0:1mb".parse().unwrap();
        assert_eq!(rate.device, PathBuf::from("/dev/disk/by-path/pci-0000:00:02.0"));
        assert_eq!(rate.rate, 1 << 20);
        for wrong in ["/dev/vda", "vda:1mb", "/dev/vda:fast", "/dev/vda:0"] {
            assert!(wrong.parse::<DeviceRate>().is_err(), "{wrong}");
        }
    }
}
