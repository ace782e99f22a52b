//! The attributes that a netlink message ends with: netlink(7).
//!
//! ```text
//!   length  kind  value, padded to 4 bytes        length  kind  value …
//! ```

/// The two highest bits of a kind tell how the value is to be read: `NLA_TYPE_MASK`.
const TYPE_MASK: u16 = 0x3fff;

/// The attributes in some bytes, one after the other: kind and value.
pub(crate) struct Attributes<'a>(pub &'a [u8]);

impl<'a> Iterator for Attributes<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let length = u16::from_ne_bytes(*self.0.first_chunk()?) as usize;
        let kind = u16::from_ne_bytes(*self.0.get(2..)?.first_chunk()?);
        let value = self.0.get(4..length)?;
        self.0 = self.0.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((kind & TYPE_MASK, value))
    }
}

/// The number that some bytes begin with.
pub(crate) fn number(bytes: &[u8]) -> Option<u32> {
    bytes.first_chunk().map(|bytes| u32::from_ne_bytes(*bytes))
}
