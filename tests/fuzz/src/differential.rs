//! A set of modules as instances of their own and as one: results, traps and memory are the same.
//!
//! Wasmtime runs both, with NaN patterns made canonical, which WebAssembly leaves open. The depth
//! of the stack still depends on how code is compiled, so nothing is compared after a stack
//! overflow.

use std::sync::OnceLock;

use host::{Error, Mode};
use linker::{ExternType, FuseError, Plan};
use wasmtime::{
    Config, Engine, Func, OptLevel, Store, StoreLimits, StoreLimitsBuilder, ThrownException, Trap,
    Val, ValType,
};

use super::modules::{Input, check_text};
use super::{bind, fuse, open};

/// The events, in order.
#[derive(Debug, PartialEq)]
struct Outcome {
    events: Vec<String>,
    memory: Vec<u8>,
}

impl Outcome {
    /// True if a module itself could not be instantiated: of several faults of this kind any may
    /// come first.
    fn is_stillborn(&self) -> bool {
        let faults = [
            "start: MemoryOutOfBounds",
            "start: TableOutOfBounds",
            "start: AllocationTooLarge",
            "start: GC heap out of memory",
            "start: table minimum size",
        ];
        matches!(&self.events[..], [event] if faults.iter().any(|fault| event.starts_with(fault)))
    }
}

const OVERFLOW: &str = "stack overflow";

/// Returns whether the modules could be linked, and so were compared. Also checks the other forms
/// in which they are written.
pub fn compare(input: &Input) -> bool {
    let bytes = input.write();
    [bind::run, fuse::run, open::run].iter().for_each(|check| check(&bytes));
    let Some(plan) = plan(input) else { return false };
    let separate = run(input, &plan, Mode::Separate);
    let fused = run(input, &plan, Mode::Fused);
    match (separate, fused) {
        (Ok(mut separate), Ok(mut fused)) => {
            if !separate.is_stillborn() || !fused.is_stillborn() {
                same(&mut separate, &mut fused);
            }
            true
        }
        // Instances of their own find it out when they start.
        (
            Ok(separate),
            Err(Error::Fuse(FuseError::OutOfBounds { .. } | FuseError::OutOfTable { .. })),
        ) => {
            assert!(separate.is_stillborn(), "{separate:?}");
            true
        }
        (
            Ok(_),
            Err(Error::Fuse(FuseError::UnknownAddress { .. } | FuseError::UnknownSlot { .. })),
        ) => false,
        (Err(separate), Err(fused)) => {
            check_text(&separate.to_string());
            check_text(&fused.to_string());
            false
        }
        (separate, fused) => {
            panic!("instances of their own: {separate:?}\none module: {fused:?}")
        }
    }
}

fn same(separate: &mut Outcome, fused: &mut Outcome) {
    let ends = [&*separate, &*fused].map(|outcome| {
        let overflow = outcome.events.iter().position(|event| event.ends_with(OVERFLOW));
        overflow.unwrap_or(usize::MAX)
    });
    let end = ends[0].min(ends[1]);
    separate.events.truncate(end);
    fused.events.truncate(end);
    assert_eq!(separate.events, fused.events, "instances of their own, and one module");
    if end == usize::MAX {
        let differing = separate.memory.iter().zip(&fused.memory).position(|(a, b)| a != b);
        assert_eq!(differing, None, "the memories differ from this address on");
        assert_eq!(separate.memory.len(), fused.memory.len(), "the memories' sizes");
    }
}

fn linker(input: &Input) -> Result<host::Linker<StoreLimits>, Error> {
    let mut linker = host::Linker::new(engine());
    if let Some((program, libraries)) = input.modules.split_first() {
        linker.program(&program.name, program.bytes.clone())?;
        for library in libraries {
            linker.library(&library.name, library.bytes.clone())?;
        }
    }
    Ok(linker)
}

fn plan(input: &Input) -> Option<Plan> {
    linker(input).and_then(|linker| linker.plan()).ok()
}

/// The functions that others can call, by name.
fn functions(plan: &Plan) -> Vec<String> {
    let inputs = &plan.set().inputs;
    let is_function = |module: usize, name: &str| {
        matches!(inputs[module].module.export(name).map(|e| &e.ty), Some(ExternType::Func(_)))
    };
    let symbols = inputs.iter().flat_map(|input| input.symbols());
    let functions =
        symbols.filter(|name| plan.definer(name).is_some_and(|module| is_function(module, name)));
    let mut functions: Vec<_> = functions.map(str::to_owned).collect();
    functions.sort();
    functions.dedup();
    functions
}

fn run(input: &Input, plan: &Plan, mode: Mode) -> Result<Outcome, Error> {
    let mut linker = linker(input)?;
    linker.mode(mode);
    // Data of modules that nothing needs would be left out of one module, and its memory another.
    for symbol in plan.set().inputs.iter().flat_map(|input| input.symbols()) {
        linker.export(symbol);
    }
    let program = linker.link()?;
    let limits = StoreLimitsBuilder::new().memory_size(16 << 20).table_elements(10_000).build();
    let mut store = Store::new(engine(), limits);
    store.limiter(|limits| limits);
    let (mut events, mut memory) = (Vec::new(), Vec::new());
    match program.instantiate(&mut store) {
        Ok(linked) => {
            for (number, name) in functions(plan).iter().enumerate() {
                let function = linked.symbol(&mut store, name);
                let function = function.unwrap_or_else(|| panic!("`{name}` is lost"));
                let event = call(&mut store, function, number);
                events.push(format!("{name}: {event}"));
                if event == OVERFLOW {
                    break;
                }
            }
            if let Some(shared) = linked.get_memory(&mut store) {
                memory = shared.data(&store).to_vec();
            }
        }
        Err(Error::Start { error, .. }) => events.push(format!("start: {}", reason(&error))),
        Err(error) => return Err(error),
    }
    Ok(Outcome { events, memory })
}

fn call(store: &mut Store<StoreLimits>, function: Func, number: usize) -> String {
    let ty = function.ty(&*store);
    let args: Option<Vec<_>> = ty.params().map(|ty| argument(&ty, number)).collect();
    let Some(args) = args else { return "takes what nobody has".to_owned() };
    let mut results = vec![Val::I32(0); ty.results().len()];
    match function.call(store, &args, &mut results) {
        Ok(()) => results.iter().map(value).collect::<Vec<_>>().join(", "),
        Err(error) => reason(&error),
    }
}

fn argument(ty: &ValType, number: usize) -> Option<Val> {
    let numbers = [1, 0, -1, 1024, 65536, i32::MAX];
    let n = numbers[number % numbers.len()];
    Some(match ty {
        ValType::I32 => Val::I32(n),
        ValType::I64 => Val::I64(n.into()),
        ValType::F32 => Val::F32((n as f32).to_bits()),
        ValType::F64 => Val::F64(f64::from(n).to_bits()),
        ValType::V128 => Val::V128(u128::from(n.unsigned_abs()).into()),
        ValType::Ref(ty) if ty.is_nullable() => Val::null_ref(ty.heap_type()),
        ValType::Ref(_) => return None,
    })
}

fn value(value: &Val) -> String {
    match value {
        Val::I32(n) => n.to_string(),
        Val::I64(n) => n.to_string(),
        Val::F32(bits) => format!("f32 {bits:#x}"),
        Val::F64(bits) => format!("f64 {bits:#x}"),
        Val::V128(n) => format!("v128 {:#x}", n.as_u128()),
        Val::FuncRef(None) | Val::ExternRef(None) | Val::AnyRef(None) => "null".to_owned(),
        _ => "a reference".to_owned(),
    }
}

pub(super) fn reason(error: &wasmtime::Error) -> String {
    match error.downcast_ref::<Trap>() {
        Some(Trap::StackOverflow) => OVERFLOW.to_owned(),
        Some(trap) => format!("{trap:?}"),
        None if error.is::<ThrownException>() => "an exception".to_owned(),
        None => format!("{error:#}"),
    }
}

pub(super) fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| {
        let mut config = Config::new();
        config.cranelift_nan_canonicalization(true);
        config.cranelift_opt_level(OptLevel::None);
        config.parallel_compilation(false);
        config.memory_init_cow(false);
        Engine::new(&config).expect("Wasmtime runs here")
    })
}
