//! The standard output and error of a program, with limits on output and time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use bytesize::ByteSize;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::pipe::{AsyncWriteStream, MemoryOutputPipe};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError, StreamResult};

use crate::limits::Limit;

/// The number of bytes that may still be printed. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct OutputBudget {
    limit: u64,
    left: Arc<AtomicU64>,
}

impl OutputBudget {
    pub(crate) fn new(limit: u64) -> Self {
        OutputBudget { limit, left: Arc::new(AtomicU64::new(limit)) }
    }

    /// Takes up to `wanted` bytes from the budget, and returns how many may be printed.
    fn take(&self, wanted: usize) -> usize {
        let after = |left: u64| Some(left.saturating_sub(wanted as u64));
        let updated = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, after);
        let before = updated.unwrap_or_else(|unchanged| unchanged);
        usize::try_from(before).map_or(wanted, |before| before.min(wanted))
    }
}

/// Returns a standard stream of this process that obeys the limits.
pub(crate) fn stream<S>(
    open: fn() -> S,
    timeout: Option<Duration>,
    budget: Option<&OutputBudget>,
) -> Box<dyn StdoutStream + Sync>
where
    S: StdoutStream + AsyncWrite + Sync + 'static,
{
    let stream: Box<dyn StdoutStream + Sync> = match timeout {
        None => Box::new(open()),
        Some(_) => Box::new(Background { open }),
    };
    match budget {
        None => stream,
        Some(budget) => Box::new(Counted::new(stream, budget)),
    }
}

/// A stream to which another thread writes, so that a time limit can end a guest that waits for the
/// reader.
struct Background<S> {
    open: fn() -> S,
}

/// The size of the write buffer in bytes: more than a guest writes at once.
const WAITING: usize = 8 << 10;

impl<S: StdoutStream> IsTerminal for Background<S> {
    fn is_terminal(&self) -> bool {
        (self.open)().is_terminal()
    }
}

impl<S: StdoutStream + AsyncWrite + Sync + 'static> StdoutStream for Background<S> {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new((self.open)())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(AsyncWriteStream::new(WAITING, (self.open)()))
    }
}

/// A stream that counts each byte.
struct Counted<S> {
    stream: S,
    budget: OutputBudget,
    /// Whether the guest tried to print more than the budget.
    is_exceeded: bool,
}

impl<S> Counted<S> {
    fn new(stream: S, budget: &OutputBudget) -> Self {
        Counted { stream, budget: budget.clone(), is_exceeded: false }
    }
}

impl<S: StdoutStream> IsTerminal for Counted<S> {
    fn is_terminal(&self) -> bool {
        self.stream.is_terminal()
    }
}

impl<S: StdoutStream> StdoutStream for Counted<S> {
    /// Returns a stream that accepts nothing. WASI preview 1 does not use it, and it would not
    /// count.
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        MemoryOutputPipe::new(0).async_stream()
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(Counted::new(self.stream.p2_stream(), &self.budget))
    }
}

impl OutputStream for Counted<Box<dyn OutputStream>> {
    /// Prints the part that is within the budget before the guest ends.
    fn write(&mut self, mut bytes: Bytes) -> StreamResult<()> {
        let wanted = bytes.len();
        bytes.truncate(self.budget.take(wanted));
        self.is_exceeded |= bytes.len() < wanted;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> StreamResult<()> {
        self.stream.flush()
    }

    /// Called before each write, and when the bytes of the last write are written.
    fn check_write(&mut self) -> StreamResult<usize> {
        match self.stream.check_write()? {
            0 => Ok(0),
            _ if self.is_exceeded => {
                let limit = ByteSize(self.budget.limit);
                Err(StreamError::Trap(Limit::Output { limit }.into()))
            }
            permitted => Ok(permitted),
        }
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Counted<Box<dyn OutputStream>> {
    async fn ready(&mut self) {
        self.stream.ready().await;
    }
}
