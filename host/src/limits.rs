//! Limits on the resources of a program.

use std::time::Duration;

use bytesize::ByteSize;
use wasmtime::{Config, ResourceLimiter, Trap};

/// Limits on the resources of one program, counted from its start to its end. `None` is no limit.
///
/// By default everything that a program can take from the host is limited, to more than most
/// programs need. Its time and its output are not limited. Checks of time and fuel are compiled
/// into guest code only if there is a limit; the other limits cost nothing.
///
/// A program that reaches a limit gets an ordinary error where WebAssembly or WASI has one:
/// `memory.grow` and `table.grow` return -1, and opening a file fails with `EMFILE`. Otherwise the
/// program ends with an [`Error::Limit`](crate::Error::Limit) that names the limit.
///
/// [`Host`](crate::Host) enforces all limits. To apply them to an engine and a store of your own,
/// see [`Limits::configure`].
///
/// ```
/// use std::time::Duration;
///
/// let limits = host::Limits::default()
///     .with_timeout(Duration::from_secs(2))
///     .with_max_memory(64 << 20)
///     .with_max_open_files(None);
/// assert_eq!(limits.max_memory, Some(64 << 20));
/// assert_eq!(limits.max_open_files, None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Wall-clock time, including time spent waiting. The default is no limit.
    pub timeout: Option<Duration>,
    /// Units of fuel, about one per instruction. The same work uses the same fuel on every
    /// machine. It is checked at the start of functions and loops. The default is no limit.
    pub fuel: Option<u64>,
    /// Bytes of all linear memories together, and of exceptions that are alive. The default is
    /// 4 GiB.
    pub max_memory: Option<usize>,
    /// Elements of all tables together. An element takes 8 bytes. The default is 10,000,000.
    pub max_table: Option<usize>,
    /// Bytes of the engine's stack, on which functions call each other. The default is 512 KiB.
    /// (C and C++ keep variables whose address is taken on another stack, in linear memory.)
    pub max_stack: usize,
    /// Module instances, including those of libraries that were closed: an engine keeps them
    /// until the program ends. The default is 10,000.
    pub max_instances: Option<usize>,
    /// Bytes written to the standard output and the standard error together. The default is no
    /// limit.
    pub max_output: Option<u64>,
    /// Files and directories that are open at the same time, not counting the directories that
    /// the program was given. The default is 1,024.
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

/// Bytes of stack for the host's own functions, in addition to what the guest may use.
const STACK_OF_HOST: usize = 3 << 19;

impl Limits {
    /// Sets [`Self::timeout`], in wall-clock time.
    #[must_use]
    pub fn with_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.timeout = timeout.into();
        self
    }

    /// Sets [`Self::fuel`], in units of fuel.
    #[must_use]
    pub fn with_fuel(mut self, fuel: impl Into<Option<u64>>) -> Self {
        self.fuel = fuel.into();
        self
    }

    /// Sets [`Self::max_memory`], in bytes.
    #[must_use]
    pub fn with_max_memory(mut self, max_memory: impl Into<Option<usize>>) -> Self {
        self.max_memory = max_memory.into();
        self
    }

    /// Sets [`Self::max_table`], in elements.
    #[must_use]
    pub fn with_max_table(mut self, max_table: impl Into<Option<usize>>) -> Self {
        self.max_table = max_table.into();
        self
    }

    /// Sets [`Self::max_stack`], in bytes.
    #[must_use]
    pub fn with_max_stack(mut self, max_stack: usize) -> Self {
        self.max_stack = max_stack;
        self
    }

    /// Sets [`Self::max_instances`], in instances.
    #[must_use]
    pub fn with_max_instances(mut self, max_instances: impl Into<Option<usize>>) -> Self {
        self.max_instances = max_instances.into();
        self
    }

    /// Sets [`Self::max_output`], in bytes.
    #[must_use]
    pub fn with_max_output(mut self, max_output: impl Into<Option<u64>>) -> Self {
        self.max_output = max_output.into();
        self
    }

    /// Sets [`Self::max_open_files`], in files and directories.
    #[must_use]
    pub fn with_max_open_files(mut self, max_open_files: impl Into<Option<usize>>) -> Self {
        self.max_open_files = max_open_files.into();
        self
    }

    /// Configures an engine so that its code can be held to these limits, for use with a
    /// [`Linker`](crate::Linker).
    ///
    /// In a store, a [`Limiter`] limits memory, tables and instances,
    /// [`Store::set_fuel`](wasmtime::Store::set_fuel) limits fuel, and
    /// [`Store::set_epoch_deadline`](wasmtime::Store::set_epoch_deadline) limits time. Output and
    /// open files are limited by the WASI implementation that you provide.
    ///
    /// ```
    /// use host::{Limiter, Limits};
    /// use wasmtime::{Config, Engine, Store};
    ///
    /// let limits = Limits::default().with_fuel(1000).with_max_memory(64 << 10);
    /// let mut config = Config::new();
    /// limits.configure(&mut config);
    /// let engine = Engine::new(&config)?;
    ///
    /// let mut linker = host::Linker::<Limiter>::new(&engine);
    /// linker.program("grows", wat::parse_str(
    ///     r#"(module (memory 1)
    ///         (func (export "grow") (result i32) (memory.grow (i32.const 1)))
    ///         (func (export "loop") (loop (br 0))))"#,
    /// )?)?;
    /// let mut store = Store::new(&engine, Limiter::new(&limits));
    /// store.limiter(|limiter| limiter);
    /// store.set_fuel(limits.fuel.unwrap_or(u64::MAX))?;
    /// let instance = linker.instantiate(&mut store)?;
    /// let grow = instance.get_typed_func::<(), i32>(&mut store, "grow")?;
    /// assert_eq!(grow.call(&mut store, ())?, -1);
    /// let endless = instance.get_typed_func::<(), ()>(&mut store, "loop")?;
    /// let error = endless.call(&mut store, ()).unwrap_err();
    /// assert_eq!(error.downcast_ref(), Some(&wasmtime::Trap::OutOfFuel));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn configure(&self, config: &mut Config) {
        config.epoch_interruption(self.timeout.is_some());
        config.consume_fuel(self.fuel.is_some());
        // Wasmtime refuses a stack of zero bytes.
        config.max_wasm_stack(self.max_stack.max(1));
        config.async_stack_size(self.max_stack.saturating_add(STACK_OF_HOST));
    }

    /// Returns the limit that ended guest code with an error, if it was a limit.
    pub(crate) fn reached(&self, error: &wasmtime::Error) -> Option<Limit> {
        match error.downcast_ref() {
            Some(Trap::StackOverflow) => {
                Some(Limit::Stack { limit: ByteSize(self.max_stack as u64) })
            }
            Some(Trap::OutOfFuel) => self.fuel.map(|limit| Limit::Fuel { limit }),
            _ => error.downcast_ref().copied(),
        }
    }
}

/// A limit that a program reached. The host also uses it as the error that ends guest code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Limit {
    #[error("did not end within {}", humantime::format_duration(*limit))]
    /// [`Limits::timeout`].
    Time { limit: Duration },
    #[error("has used up {limit} units of fuel")]
    /// [`Limits::fuel`], in units of fuel.
    Fuel { limit: u64 },
    #[error("{}", too_much_memory(*needed, *limit))]
    /// [`Limits::max_memory`]: the memory that the program starts with.
    Memory { needed: ByteSize, limit: ByteSize },
    #[error("needs {needed} elements of tables at the start and may have {limit}")]
    /// [`Limits::max_table`]: the table elements that the program starts with.
    Table { needed: usize, limit: usize },
    #[error("recurses without end, or needs more than {limit} of stack")]
    /// [`Limits::max_stack`].
    Stack { limit: ByteSize },
    #[error("starts with {} and may have {limit}", instances(*needed))]
    /// [`Limits::max_instances`]: the instances that the program starts with.
    Instances { needed: usize, limit: usize },
    #[error("has printed {limit} and more")]
    /// [`Limits::max_output`].
    Output { limit: ByteSize },
}

/// Describes a lack of memory. The sizes are in bytes if they would otherwise look the same.
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
    /// Returns the option of `host run` that sets this limit.
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

/// A [`ResourceLimiter`] that limits the memory, tables and instances of a store: see
/// [`Limits::configure`].
#[derive(Debug)]
pub struct Limiter {
    memory: Meter,
    table: Meter,
    instances: usize,
}

/// A counter of a resource that grows and never shrinks.
#[derive(Debug)]
struct Meter {
    limit: usize,
    used: usize,
    /// The total that was last requested and denied.
    denied: Option<usize>,
}

impl Limiter {
    /// Creates a limiter for one store.
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

    /// Returns the limit that last denied memory or table elements, if one did.
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
    /// Counts a growth and returns whether it is allowed.
    ///
    /// Growth beyond the maximum of the memory or table itself fails in any case, so it is not
    /// counted. Growth that the system then denies is counted: otherwise a guest could use failed
    /// requests to exceed the limit.
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
    fn growth_beyond_the_maximum_is_not_counted() {
        let limits = Limits::default().with_max_memory(10);
        let mut limiter = Limiter::new(&limits);
        assert!(limiter.memory_growing(0, 4, Some(4)).unwrap());
        (0..10).for_each(|_| assert!(!limiter.memory_growing(4, 5, Some(4)).unwrap()));
        assert!(!limiter.memory_growing(0, 7, None).unwrap());
        assert!(limiter.memory_growing(0, 6, None).unwrap());
        assert!(!limiter.memory_growing(6, 7, None).unwrap());
    }
}
