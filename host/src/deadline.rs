//! Time limits.

use std::sync::mpsc;
use std::time::{Duration, Instant};
use std::{io, thread};

use wasmtime::{Store, UpdateDeadline};

use crate::limits::Limit;

/// The moment at which a process must have ended. From then on, a thread interrupts the guest's
/// code.
#[derive(Debug)]
pub(crate) struct Deadline {
    pub(crate) at: Instant,
    pub(crate) limit: Duration,
    /// Ends the thread when it is dropped.
    _alive: mpsc::Sender<()>,
}

/// The first and the longest pause before the thread again interrupts a store that has not ended.
const FIRST_PAUSE: Duration = Duration::from_millis(1);
const LAST_PAUSE: Duration = Duration::from_secs(1);
/// Bytes of the thread's stack. It only waits.
const STACK: usize = 64 << 10;

impl Deadline {
    /// Ends a store's code after some time. A limit that exceeds the range of the clock is no
    /// limit.
    pub(crate) fn start<T: 'static>(
        store: &mut Store<T>,
        limit: Option<Duration>,
    ) -> io::Result<Option<Self>> {
        let at = limit.and_then(|limit| Instant::now().checked_add(limit));
        let (Some(at), Some(limit)) = (at, limit) else {
            // Otherwise interruptible code would be interrupted at once.
            store.set_epoch_deadline(u64::MAX / 2);
            return Ok(None);
        };
        // This comes before the thread starts, which may interrupt the code at once.
        watch(store, at, limit);
        let (_alive, ended) = mpsc::channel::<()>();
        let engine = store.engine().clone();
        thread::Builder::new().stack_size(STACK).spawn(move || {
            let mut pause = FIRST_PAUSE;
            let mut wait = at.saturating_duration_since(Instant::now());
            while let Err(mpsc::RecvTimeoutError::Timeout) = ended.recv_timeout(wait) {
                wait = at.saturating_duration_since(Instant::now());
                if wait.is_zero() {
                    // Once is not enough: the store may have looked at the clock already, and be
                    // about to set its next deadline.
                    engine.increment_epoch();
                    (wait, pause) = (pause, (pause * 2).min(LAST_PAUSE));
                }
            }
        })?;
        Ok(Some(Deadline { at, limit, _alive }))
    }
}

/// Ends a store's code at its deadline. All processes of the engine share the epoch but have their
/// own deadlines, so a store that is interrupted for another one continues.
fn watch<T: 'static>(store: &mut Store<T>, at: Instant, limit: Duration) {
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(move |_| {
        if Instant::now() < at {
            Ok(UpdateDeadline::Continue(1))
        } else {
            Err(Limit::Time { limit }.into())
        }
    });
}
