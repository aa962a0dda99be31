//! Asks the linker for packed relocations where the system can load them.
//!
//! Most of the relocations are of tables that only the compiler uses, but the loader reads all of
//! them when the program starts. Packed, they take 10 KiB instead of 744.

use std::env;
use std::process::Command;

/// The first version of glibc that loads packed relocations.
const FIRST: (u32, u32) = (2, 36);

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if is_for_this_glibc() && glibc_version().is_some_and(|version| version >= FIRST) {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// Returns whether the program is for this system, and this system has glibc.
fn is_for_this_glibc() -> bool {
    let is = |name, value: &str| env::var(name).is_ok_and(|found| found == value);
    let is_here = env::var("HOST").is_ok_and(|host| is("TARGET", &host));
    is_here && is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu")
}

/// Returns the version of this system's glibc, if it is known.
fn glibc_version() -> Option<(u32, u32)> {
    let output = Command::new("getconf").arg("GNU_LIBC_VERSION").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let (major, minor) = text.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
