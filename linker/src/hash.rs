//! Hash maps and sets with a faster hash function than that of the standard library.
//!
//! Symbols have long names, and each is looked up several times. The function has a random key,
//! so nobody can prepare names that have the same hash.

use std::collections;

pub(crate) use foldhash::fast::RandomState;

pub(crate) type HashMap<K, V> = collections::HashMap<K, V, RandomState>;
pub(crate) type HashSet<T> = collections::HashSet<T, RandomState>;
