//! The assertions of each target about its input, so that `targets/` and the tests that repeat old
//! findings do the same.
//!
//! An input that is no good is an error with a text, never a panic; what is made of a good one is
//! valid, and the same each time.

pub mod bind;
#[cfg(feature = "host")]
pub mod c_like;
#[cfg(feature = "host")]
pub mod differential;
pub mod fuse;
pub mod generate;
pub mod modules;
pub mod open;
pub mod parse;
pub mod plan;
#[cfg(feature = "host")]
pub mod smith;
#[cfg(feature = "host")]
pub mod symbols;
