//! The standard output and error of a program that may print only so much.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use bytesize::ByteSize;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError, StreamResult};

use crate::limits::Limit;

/// What may still be printed; clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Allowance {
    limit: u64,
    left: Arc<AtomicU64>,
}

impl Allowance {
    pub(crate) fn new(limit: u64) -> Self {
        Allowance { limit, left: Arc::new(AtomicU64::new(limit)) }
    }

    /// How many of some bytes may be printed, which then count as printed.
    fn take(&self, wanted: usize) -> usize {
        let after = |left: u64| Some(left.saturating_sub(wanted as u64));
        let (done, seen) = (Ordering::Relaxed, Ordering::Relaxed);
        let before = self.left.fetch_update(done, seen, after).unwrap_or(0);
        usize::try_from(before).map_or(wanted, |before| before.min(wanted))
    }
}

/// A stream of which each byte is counted.
pub(crate) struct Counted<S> {
    stream: S,
    allowance: Allowance,
}

impl<S> Counted<S> {
    pub(crate) fn new(stream: S, allowance: &Allowance) -> Self {
        Counted { stream, allowance: allowance.clone() }
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
        let stream = self.stream.p2_stream();
        Box::new(Counted { stream, allowance: self.allowance.clone() })
    }
}

impl OutputStream for Counted<Box<dyn OutputStream>> {
    /// What fits is printed before the guest ends, so the limit is the number of bytes that come out.
    fn write(&mut self, mut bytes: Bytes) -> StreamResult<()> {
        let wanted = bytes.len();
        bytes.truncate(self.allowance.take(wanted));
        let fits = bytes.len() == wanted;
        self.stream.write(bytes)?;
        if fits {
            return Ok(());
        }
        self.stream.flush()?;
        let limit = ByteSize(self.allowance.limit);
        Err(StreamError::Trap(Limit::Output { limit }.into()))
    }

    fn flush(&mut self) -> StreamResult<()> {
        self.stream.flush()
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        self.stream.check_write()
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Counted<Box<dyn OutputStream>> {
    async fn ready(&mut self) {
        self.stream.ready().await;
    }
}
