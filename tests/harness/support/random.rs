//! Random numbers that can be repeated.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use libtest_mimic::Failed;

/// Numbers that follow from a seed: that of TESTS_SEED, or another each time.
pub(crate) struct Random {
    seed: u64,
    state: u64,
}

impl Random {
    pub(crate) fn new() -> Result<Self, Failed> {
        let seed = match std::env::var("TESTS_SEED") {
            Ok(seed) => seed.parse()?,
            Err(_) => {
                let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
                u64::from(now.subsec_nanos())
            }
        };
        Ok(Random { seed, state: seed })
    }

    /// By SplitMix64.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let n = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        n ^ (n >> 31)
    }

    /// Returns this many bytes.
    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes: Vec<_> =
            (0..count.div_ceil(8)).flat_map(|_| self.next().to_le_bytes()).collect();
        bytes.truncate(count);
        bytes
    }

    /// A time shorter than `limit`.
    pub(crate) fn below(&mut self, limit: Duration) -> Duration {
        let nanoseconds = u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX).max(1);
        Duration::from_nanos(self.next() % nanoseconds)
    }

    /// Describes a failure, and how to repeat it.
    pub(crate) fn explain(&self, round: usize, failed: Failed) -> Failed {
        let message = failed.message().unwrap_or_default();
        format!("round {round}, with TESTS_SEED={}: {message}", self.seed).into()
    }
}
