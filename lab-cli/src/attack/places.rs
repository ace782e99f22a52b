//! Where things are, in the sandbox that plays the host.

/// This program, in the sandbox and in its containers.
pub const LAB: &str = "/lab";
/// The root that containers get.
pub const IMAGE: &str = "/image";
/// The file that holds the secret.
pub const CANARY: &str = "/canary";

/// A directory for whoever wants to mount something.
pub const MNT: &str = "/mnt";
