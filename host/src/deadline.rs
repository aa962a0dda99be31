//! The moment at which a program must have ended.

use std::sync::mpsc;
use std::time::{Duration, Instant};
use std::{io, thread};

use wasmtime::{Store, UpdateDeadline};

use crate::limits::Limit;

/// The moment at which a process must have ended. A thread wakes the guest's code up from then on.
#[derive(Debug)]
pub(crate) struct Deadline {
    pub(crate) at: Instant,
    pub(crate) limit: Duration,
    /// Ends the thread when it is dropped.
    _alive: mpsc::Sender<()>,
}

/// What the thread waits before it wakes up again a store that has not ended, at first and at most.
const FIRST_PAUSE: Duration = Duration::from_millis(1);
const LAST_PAUSE: Duration = Duration::from_secs(1);
/// The thread only waits.
const STACK: usize = 64 << 10;

impl Deadline {
    /// Has a store's code end after some time. A limit beyond what the clock can tell is none.
    pub(crate) fn start<T: 'static>(
        store: &mut Store<T>,
        limit: Option<Duration>,
    ) -> io::Result<Option<Self>> {
        let at = limit.and_then(|limit| Instant::now().checked_add(limit));
        let (Some(at), Some(limit)) = (at, limit) else {
            // Code that can be interrupted would be so at once.
            store.set_epoch_deadline(u64::MAX / 2);
            return Ok(None);
        };
        // Before there is a thread, which may wake the code up at once.
        watch(store, at, limit);
        let (_alive, ended) = mpsc::channel::<()>();
        let engine = store.engine().clone();
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
}

/// Other processes of the engine have deadlines of their own, and the epoch is common to all: a store that is
/// woken up for another one's goes on.
fn watch<T: 'static>(store: &mut Store<T>, at: Instant, limit: Duration) {
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(move |_| match Instant::now() < at {
        true => Ok(UpdateDeadline::Continue(1)),
        false => Err(Limit::Time { limit }.into()),
    });
}
