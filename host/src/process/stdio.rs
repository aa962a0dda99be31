//! The standard output and error of a program that may print only so much, or wait only so long.

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

/// What may still be printed; clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct OutputBudget {
    limit: u64,
    left: Arc<AtomicU64>,
}

impl OutputBudget {
    pub(crate) fn new(limit: u64) -> Self {
        OutputBudget { limit, left: Arc::new(AtomicU64::new(limit)) }
    }

    /// How many of some bytes may be printed, which then count as printed.
    fn take(&self, wanted: usize) -> usize {
        let after = |left: u64| Some(left.saturating_sub(wanted as u64));
        let (done, seen) = (Ordering::Relaxed, Ordering::Relaxed);
        let before = self.left.fetch_update(done, seen, after).unwrap_or(0);
        usize::try_from(before).map_or(wanted, |before| before.min(wanted))
    }
}

/// A standard stream of this process, as limits want it.
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

/// A stream to which another thread writes: a time limit ends a guest that waits for who reads it, too.
struct Background<S> {
    open: fn() -> S,
}

/// Bytes that may wait for being written: more than a guest writes at once.
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

/// A stream of which each byte is counted.
struct Counted<S> {
    stream: S,
    budget: OutputBudget,
    /// Whether more was to be printed than may be.
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
    /// WASI preview 1 does not ask for it; so that nothing comes out of it uncounted, nothing does.
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        MemoryOutputPipe::new(0).async_stream()
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(Counted::new(self.stream.p2_stream(), &self.budget))
    }
}

impl OutputStream for Counted<Box<dyn OutputStream>> {
    /// What fits is printed before the guest ends, so the limit is the number of bytes that come out.
    fn write(&mut self, mut bytes: Bytes) -> StreamResult<()> {
        let wanted = bytes.len();
        bytes.truncate(self.budget.take(wanted));
        self.is_exceeded |= bytes.len() < wanted;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> StreamResult<()> {
        self.stream.flush()
    }

    /// Asked before each write, and when what was written before has come out.
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
