//! What a program may use.

use std::io;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use wasmtime::{Engine, ResourceLimiter, Store, UpdateDeadline};

/// Bounds on what a program may use. The default has none, and then they cost nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// Wall-clock time from [`Program::start`](crate::Program::start) on.
    pub timeout: Option<Duration>,
    /// Bytes of all linear memories together. Beyond it `memory.grow` answers -1.
    pub max_memory: Option<usize>,
}

/// Counts the bytes of a store's memories.
#[derive(Debug)]
pub(crate) struct MemoryLimiter {
    limit: usize,
    used: usize,
    /// The total that was last asked for in vain.
    pub(crate) denied: Option<usize>,
}

impl MemoryLimiter {
    pub(crate) fn new(limits: &Limits) -> Self {
        MemoryLimiter { limit: limits.max_memory.unwrap_or(usize::MAX), used: 0, denied: None }
    }
}

impl ResourceLimiter for MemoryLimiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let total = self.used.saturating_add(desired - current);
        if total > self.limit {
            self.denied = Some(total);
            return Ok(false);
        }
        self.used = total;
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        _desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(true)
    }
}

/// The moment at which a process must have ended. A thread wakes the guest's code up from then on.
#[derive(Debug)]
pub(crate) struct Deadline {
    pub(crate) at: Instant,
    pub(crate) limit: Duration,
    /// Ends the thread when it is dropped.
    _alive: mpsc::Sender<()>,
}

/// The error with which guest code ends at the deadline.
#[derive(Debug, thiserror::Error)]
#[error("the time limit of {0:?} has passed")]
pub(crate) struct DeadlinePassed(pub(crate) Duration);

/// What the thread waits before it wakes up again a store that has not ended, at first and at most.
const FIRST_PAUSE: Duration = Duration::from_millis(1);
const LAST_PAUSE: Duration = Duration::from_secs(1);
/// The thread only waits.
const STACK: usize = 64 << 10;

impl Deadline {
    /// A limit beyond what the clock can tell is none.
    pub(crate) fn start(engine: &Engine, limit: Duration) -> io::Result<Option<Self>> {
        let Some(at) = Instant::now().checked_add(limit) else { return Ok(None) };
        let (_alive, ended) = mpsc::channel::<()>();
        let engine = engine.clone();
        thread::Builder::new().stack_size(STACK).spawn(move || {
            let mut pause = FIRST_PAUSE;
            let mut wait = at.saturating_duration_since(Instant::now());
            while let Err(mpsc::RecvTimeoutError::Timeout) = ended.recv_timeout(wait) {
                wait = at.saturating_duration_since(Instant::now());
                if wait.is_zero() {
                    // Not once only: the store may be about to set its next goal, having looked at the clock already.
                    engine.increment_epoch();
                    (wait, pause) = (pause, (pause * 2).min(LAST_PAUSE));
                }
            }
        })?;
        Ok(Some(Deadline { at, limit, _alive }))
    }

    /// Other processes of the engine have deadlines of their own, and the epoch is common to all: a
    /// store that is woken up for another one's goes on.
    pub(crate) fn watch<T: 'static>(&self, store: &mut Store<T>) {
        let (at, limit) = (self.at, self.limit);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(move |_| match Instant::now() < at {
            true => Ok(UpdateDeadline::Continue(1)),
            false => Err(DeadlinePassed(limit).into()),
        });
    }
}
