//! What a program may use.

use std::time::Duration;

use bytesize::ByteSize;
use wasmtime::{Config, ResourceLimiter, Trap};

/// Bounds on what a program may use, counted from its start to its end. `None` is no bound.
///
/// By default what a program can take from the host is bounded, at more than most programs need, and how long it runs
/// and what it prints is not. Checks of time and fuel are compiled into its code only if they are asked for; the
/// others cost nothing.
///
/// A program that comes to a limit is told in its own terms, as far as it can go on: `memory.grow` and `table.grow`
/// answer -1, a file is not opened for the reason `EMFILE`. Else it ends, by an [`Error::Limit`](crate::Error::Limit)
/// that names the limit.
///
/// To hold stores of your own to them, see [`Limits::configure`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Wall-clock time, waiting included. By default there is no limit.
    pub timeout: Option<Duration>,
    /// Units of fuel, about one an instruction: the same work takes the same on every machine. It is looked at
    /// where functions begin and loops repeat. By default there is no limit.
    pub fuel: Option<u64>,
    /// Bytes of all linear memories together, and of exceptions that are alive. By default 4 GiB.
    pub max_memory: Option<usize>,
    /// Elements of all tables together, of 8 bytes each. By default 10,000,000.
    pub max_table: Option<usize>,
    /// Bytes of the engine's stack, on which functions call each other. By default 512 KiB. (What C and C++ keep on
    /// a stack and take the address of lies in linear memory.)
    pub max_stack: usize,
    /// Instances of modules, those of libraries that were closed among them, for an engine keeps them as long as
    /// the program runs. By default 10,000.
    pub max_instances: Option<usize>,
    /// Bytes written to the standard output and the standard error together. By default there is no limit.
    pub max_output: Option<u64>,
    /// Files and directories that the program has open at once, beside the directories that it was given. By
    /// default 1,024.
    pub max_open_files: Option<usize>,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            timeout: None,
            fuel: None,
            max_memory: Some(usize::try_from(4_u64 << 30).unwrap_or(usize::MAX)),
            max_table: Some(10_000_000),
            max_stack: 512 << 10,
            max_instances: Some(10_000),
            max_output: None,
            max_open_files: Some(1_024),
        }
    }
}

/// What the host's own functions have left of the stack that code runs on, however much the guest may use.
const STACK_OF_HOST: usize = 3 << 19;

impl Limits {
    /// Has code compiled so that it can be held to these limits: for an engine of your own, with a
    /// [`Linker`](crate::Linker). In a store of it memory, tables and instances are bounded by a [`Limiter`], fuel by
    /// [`Store::set_fuel`](wasmtime::Store::set_fuel), time by
    /// [`Store::set_epoch_deadline`](wasmtime::Store::set_epoch_deadline), and output and open files by the WASI
    /// that you give it.
    ///
    /// ```
    /// use host::{Limiter, Limits};
    /// use wasmtime::{Config, Engine, Store};
    ///
    /// let limits = Limits { fuel: Some(1000), max_memory: Some(64 << 10), ..Limits::default() };
    /// let mut config = Config::new();
    /// limits.configure(&mut config);
    /// let engine = Engine::new(&config)?;
    ///
    /// let mut linker = host::Linker::<Limiter>::new(&engine);
    /// linker.module("grows", wat::parse_str(
    ///     r#"(module (memory 1)
    ///         (func (export "grow") (result i32) (memory.grow (i32.const 1)))
    ///         (func (export "loop") (loop (br 0))))"#,
    /// )?)?;
    /// let mut store = Store::new(&engine, Limiter::new(&limits));
    /// store.limiter(|limiter| limiter);
    /// store.set_fuel(limits.fuel.unwrap_or(u64::MAX))?;
    /// let linked = linker.instantiate(&mut store)?;
    /// let grow = linked.typed_func::<(), i32>(&mut store, "grow")?;
    /// assert_eq!(grow.call(&mut store, ())?, -1);
    /// let endless = linked.typed_func::<(), ()>(&mut store, "loop")?;
    /// let error = endless.call(&mut store, ()).unwrap_err();
    /// assert_eq!(error.downcast_ref(), Some(&wasmtime::Trap::OutOfFuel));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn configure(&self, config: &mut Config) {
        config.epoch_interruption(self.timeout.is_some());
        config.consume_fuel(self.fuel.is_some());
        // Wasmtime knows no stack of nothing.
        config.max_wasm_stack(self.max_stack.max(1));
        config.async_stack_size(self.max_stack.saturating_add(STACK_OF_HOST));
    }

    /// The limit that has ended guest code, if one has.
    pub(crate) fn reached(&self, error: &wasmtime::Error) -> Option<Limit> {
        match error.downcast_ref() {
            Some(Trap::StackOverflow) => {
                Some(Limit::Stack { limit: ByteSize(self.max_stack as u64) })
            }
            Some(Trap::OutOfFuel) => Some(Limit::Fuel { limit: self.fuel.unwrap_or_default() }),
            _ => error.downcast_ref().copied(),
        }
    }
}

/// A limit that a program has come to. It is also the error with which the host ends guest code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Limit {
    #[error("did not end within {}", humantime::format_duration(*limit))]
    Time { limit: Duration },
    #[error("has used up {limit} units of fuel")]
    Fuel { limit: u64 },
    #[error("{}", too_much_memory(*needed, *limit))]
    Memory { needed: ByteSize, limit: ByteSize },
    #[error("needs {needed} elements of tables at the start and may have {limit}")]
    Table { needed: usize, limit: usize },
    #[error("recurses without end, or needs more than {limit} of stack")]
    Stack { limit: ByteSize },
    #[error("starts with {} and may have {limit}", instances(*needed))]
    Instances { needed: usize, limit: usize },
    #[error("has printed {limit} and more")]
    Output { limit: ByteSize },
}

/// With sizes in bytes if they would look the same.
fn too_much_memory(needed: ByteSize, limit: ByteSize) -> String {
    let [mut wanted, mut most] = [needed, limit].map(|size| size.to_string());
    if wanted == most {
        [wanted, most] = [needed, limit].map(|size| format!("{} bytes", size.0));
    }
    format!("needs {wanted} of memory at the start and may have {most}")
}

fn instances(count: usize) -> String {
    format!("{count} instance{}", if count == 1 { "" } else { "s" })
}

impl Limit {
    /// The option of `host run` that sets it.
    pub fn flag(&self) -> &'static str {
        match self {
            Limit::Time { .. } => "--timeout",
            Limit::Fuel { .. } => "--fuel",
            Limit::Memory { .. } => "--max-memory",
            Limit::Table { .. } => "--max-table",
            Limit::Stack { .. } => "--max-stack",
            Limit::Instances { .. } => "--max-instances",
            Limit::Output { .. } => "--max-output",
        }
    }
}

/// Bounds memory, tables and instances of a store: see [`Limits::configure`].
#[derive(Debug)]
pub struct Limiter {
    memory: Meter,
    table: Meter,
    instances: usize,
}

/// Counts what grows and never shrinks.
#[derive(Debug)]
struct Meter {
    limit: usize,
    used: usize,
    /// The total that was last asked for in vain.
    denied: Option<usize>,
}

impl Limiter {
    pub fn new(limits: &Limits) -> Self {
        let meter = |limit: Option<usize>| Meter {
            limit: limit.unwrap_or(usize::MAX),
            used: 0,
            denied: None,
        };
        Limiter {
            memory: meter(limits.max_memory),
            table: meter(limits.max_table),
            instances: limits.max_instances.unwrap_or(usize::MAX),
        }
    }

    /// Why a program was not instantiated, if that was for want of memory or table.
    pub(crate) fn denied(&self) -> Option<Limit> {
        let size = |size: usize| ByteSize(size as u64);
        let memory = self
            .memory
            .denied
            .map(|needed| Limit::Memory { needed: size(needed), limit: size(self.memory.limit) });
        let table = || {
            let needed = self.table.denied?;
            Some(Limit::Table { needed, limit: self.table.limit })
        };
        memory.or_else(table)
    }
}

impl Meter {
    /// Growth beyond what a memory or table itself allows fails in any case, and is not counted. Growth that the
    /// system then denies is: who asks for that must not get more by it.
    fn grow(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> bool {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return false;
        }
        let total = self.used.saturating_add(desired.saturating_sub(current));
        if total > self.limit {
            self.denied = Some(total);
            return false;
        }
        self.used = total;
        true
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(self.memory.grow(current, desired, maximum))
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(self.table.grow(current, desired, maximum))
    }

    fn instances(&self) -> usize {
        self.instances
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_grow_is_not_counted() {
        let limits = Limits { max_memory: Some(10), ..Limits::default() };
        let mut limiter = Limiter::new(&limits);
        assert!(limiter.memory_growing(0, 4, Some(4)).unwrap());
        (0..10).for_each(|_| assert!(!limiter.memory_growing(4, 5, Some(4)).unwrap()));
        assert!(!limiter.memory_growing(0, 7, None).unwrap());
        assert!(limiter.memory_growing(0, 6, None).unwrap());
        assert!(!limiter.memory_growing(6, 7, None).unwrap());
    }
}
