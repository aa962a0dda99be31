//! Writes a program in the state after its constructors have run.
//!
//! The constructors run here, and each call of a host function is an error. They can therefore
//! depend only on the program itself, and the same program always gives the same bytes. Wizer
//! writes the contents of memory and globals.

use linker::{BoundModule, FuseOptions, InputLimits, InputModule, Plan, Set};
use wasmtime::{
    Config, Engine, ExternType, Func, Instance, Module, Store, ThrownException, Trap, Val,
    WasmBacktrace,
};
use wasmtime_wizer::{InstanceState, SnapshotVal, ValType, Wizer};

use super::fuse::fuse;
use crate::compiler_threads::start_compiler;
use crate::deadline::Deadline;
use crate::error::Error;
use crate::limits::{Limiter, Limits};
use crate::trap;

/// Fuses a program, runs its start functions and constructors, and returns the module in the state
/// after that. The limits of time, fuel, memory, tables and stack apply.
///
/// # Errors
///
/// The errors of [`fuse`](fn@crate::fuse); [`Error::Preinit`] if a constructor calls the host,
/// traps or throws; [`Error::Limit`] if it reaches a limit.
pub fn preinit(plan: &Plan, options: &FuseOptions, limits: &Limits) -> Result<Vec<u8>, Error> {
    start_compiler()?;
    let options = options.clone().with_preinit(true);
    let mut fused = fuse(plan, &options)?;
    let name = &plan.main().name;
    let Some(module) = fused.modules.pop() else { return Ok(Vec::new()) };
    let Some(initialiser) = fused.initialisers.first() else { return Ok(module.bytes) };
    let failed = |error: wasmtime::Error| explain(plan, &module, limits, &error);
    let mut wizer = Wizer::new();
    wizer.init_func(&initialiser.name);
    let (context, instrumented) = wizer.instrument(&module.bytes).map_err(failed)?;
    let flag = module.address(plan, PREINITIALIZING);
    let mut initialised =
        Initialised::run(&instrumented, &initialiser.name, flag, limits).map_err(failed)?;
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.map_err(|e| Error::Setup { message: e.to_string() })?;
    let written = runtime.block_on(wizer.snapshot(&context, &mut initialised)).map_err(failed)?;
    match initialised.unknown {
        None => without_initialisers(name, written, &options),
        Some(unknown) => Err(Error::Setup { message: format!("`{unknown}` has no known value") }),
    }
}

/// Removes the functions that only constructors needed, since nothing calls those any more.
fn without_initialisers(
    name: &str,
    written: Vec<u8>,
    options: &FuseOptions,
) -> Result<Vec<u8>, Error> {
    // Loaded as a preloaded module, it keeps its memory and is not changed to share it.
    let input = InputModule::load_within(name, written, &InputLimits::NONE)?.preloaded_as(name);
    let mut set = Set::of(input);
    // What the program imports from the world of a component is the host's here too.
    set.host = set.wanted_of_host();
    let plan = Plan::new(set)?;
    let options = options.clone().with_exports(Vec::new()).with_invoke(None).with_preinit(false);
    let options = options.with_component(None);
    Ok(plan.fuse(&options)?.modules.pop().map(|module| module.bytes).unwrap_or_default())
}

/// An instance whose constructors have run.
struct Initialised {
    store: Store<Limiter>,
    instance: Instance,
    /// A global or memory whose contents are not known.
    unknown: Option<String>,
}

/// A call of a host function.
#[derive(Debug, thiserror::Error)]
#[error(
    "they call `{module}.{name}`, and what that tells or does belongs to each run of the program"
)]
struct CallsHost {
    module: String,
    name: String,
}

/// A variable of libc. While it is not 0, libc's constructors do not read the environment.
const PREINITIALIZING: &str = "__preinitializing";

impl Initialised {
    /// Runs the constructors of a module. `flag` is the address of a byte that is 1 meanwhile.
    fn run(
        bytes: &[u8],
        initialiser: &str,
        flag: Option<u32>,
        limits: &Limits,
    ) -> wasmtime::Result<Self> {
        let engine = Engine::new(&config(limits))?;
        let module = Module::new(&engine, bytes)?;
        let mut store = Store::new(&engine, Limiter::new(limits));
        store.limiter(|limiter| limiter);
        if let Some(fuel) = limits.fuel {
            store.set_fuel(fuel)?;
        }
        let deadline = Deadline::start(&mut store, limits.timeout)?;
        let imports = refused(&module, &mut store);
        let instance = Instance::new(&mut store, &module, &imports);
        let instance = instance.map_err(|error| match store.data().denied() {
            Some(limit) if !error.is::<Trap>() => limit.into(),
            _ => error,
        })?;
        let memory = instance.get_memory(&mut store, "memory");
        let set = |store: &mut Store<Limiter>, value: u8| {
            if let (Some(memory), Some(flag)) = (memory, flag) {
                // A libc that is not needed may have no data in memory.
                memory.write(store, flag as usize, &[value]).unwrap_or_default();
            }
        };
        set(&mut store, 1);
        instance.get_typed_func::<(), ()>(&mut store, initialiser)?.call(&mut store, ())?;
        set(&mut store, 0);
        drop(deadline);
        Ok(Initialised { store, instance, unknown: None })
    }
}

/// Configures an engine that gives the same results on all machines, also where WebAssembly leaves
/// the result open.
fn config(limits: &Limits) -> Config {
    let mut config = Config::new();
    limits.configure(&mut config);
    config.cranelift_nan_canonicalization(true).relaxed_simd_deterministic(true);
    config
}

/// Returns for each imported function one that returns an error.
fn refused(module: &Module, store: &mut Store<Limiter>) -> Vec<wasmtime::Extern> {
    let mut functions = Vec::new();
    for import in module.imports() {
        let (module, name) = (import.module().to_owned(), import.name().to_owned());
        if let ExternType::Func(ty) = import.ty() {
            let refuse = move |_: wasmtime::Caller<'_, Limiter>, _: &[Val], _: &mut [Val]| {
                Err(CallsHost { module: module.clone(), name: name.clone() }.into())
            };
            functions.push(Func::new(&mut *store, ty, refuse).into());
        }
    }
    functions
}

fn explain(plan: &Plan, module: &BoundModule, limits: &Limits, error: &wasmtime::Error) -> Error {
    let reason = match (error.downcast_ref::<CallsHost>(), error.downcast_ref::<Trap>()) {
        (Some(call), _) => call.to_string(),
        (None, Some(trap)) => format!("they trap: {}", trap::reason(trap)),
        (None, None) if error.is::<ThrownException>() => {
            "they throw an exception that nothing catches".to_owned()
        }
        (None, None) => Error::message(error),
    };
    let frames = error.downcast_ref::<WasmBacktrace>().map_or(&[][..], WasmBacktrace::frames);
    let origins = frames.iter().filter_map(|frame| module.origin_of_function(frame.func_index()));
    let functions = origins.map(|(module, function)| trap::title(plan.set(), module, function));
    let backtrace = functions.enumerate().map(|(number, function)| format!("{number}: {function}"));
    let (module, backtrace) = (plan.main().name.clone(), backtrace.collect());
    match limits.reached(error) {
        Some(limit) => {
            // If the memory itself exceeded a limit, no code has run.
            let what = match frames {
                [] => "the program".to_owned(),
                _ => format!("the initialisation of `{module}`"),
            };
            Error::Limit { what, limit, backtrace, stale_maps: Vec::new() }
        }
        None => Error::Preinit { module, reason, backtrace },
    }
}

impl InstanceState for Initialised {
    async fn global_get(&mut self, name: &str, _: ValType) -> SnapshotVal {
        let global = self.instance.get_global(&mut self.store, name);
        match global.map(|global| global.get(&mut self.store)) {
            Some(Val::I32(value)) => SnapshotVal::I32(value),
            Some(Val::I64(value)) => SnapshotVal::I64(value),
            Some(Val::F32(bits)) => SnapshotVal::F32(bits),
            Some(Val::F64(bits)) => SnapshotVal::F64(bits),
            Some(Val::V128(value)) => SnapshotVal::V128(value.as_u128()),
            _ => {
                self.unknown = Some(name.to_owned());
                SnapshotVal::I32(0)
            }
        }
    }

    async fn memory_contents(&mut self, name: &str, contents: impl FnOnce(&[u8]) + Send) {
        match self.instance.get_memory(&mut self.store, name) {
            Some(memory) => contents(memory.data(&self.store)),
            None => self.unknown = Some(name.to_owned()),
        }
    }
}
