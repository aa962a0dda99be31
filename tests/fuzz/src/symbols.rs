//! A program as instances of their own and as one module, with what nothing refers to and without:
//! results, traps and variables are the same, whatever the sections with symbols say.

use arbitrary::{Result, Unstructured};
use host::Mode;
use linker::{FuseOptions, InputModule, NoLibraries, Plan, Set};
use wasmtime::{Instance, Memory, Module, Store, Val};

use super::c_like::{self, CModule, MOST_CALLS, Program, Variable, Word};
use super::differential::{engine, reason};

/// What was compared.
#[derive(Debug, Default, Clone, Copy)]
pub struct Comparison {
    /// The size of the fused program in bytes, without what nothing refers to.
    pub collected: usize,
    /// Its size with all data of the modules that it needs.
    pub whole: usize,
}

/// Makes a program by choices, and compares the ways to run it.
pub fn run(data: &[u8]) -> Comparison {
    check(&mut Unstructured::new(data)).unwrap_or_default()
}

fn check(u: &mut Unstructured<'_>) -> Result<Comparison> {
    let program = c_like::program(u)?;
    let annotated: Vec<_> = program.modules.iter().map(CModule::annotated).collect();
    let plain: Vec<_> = program.modules.iter().map(|module| module.plain.clone()).collect();
    let expected = separate(&program, &annotated);
    let exports = program.functions.iter().chain(program.variables.iter().map(|v| &v.name));
    let options = FuseOptions::default().with_exports(exports.cloned().collect());
    let compare = |what: &str, modules: &[Vec<u8>], options: &FuseOptions| {
        let fused = fuse(&program, modules, options);
        let actual = Observer::of_fused(&fused).observe(&program);
        assert_eq!(actual, expected, "{what}, and instances of their own: {:?}", program.modules);
        fused.len()
    };
    let comparison = Comparison {
        collected: compare("what is needed", &annotated, &options),
        whole: compare("without symbols", &plain, &options),
    };
    compare("everything", &annotated, &options.clone().with_keep_all(true));
    for _ in 0..2 {
        let mut modules = program.modules.clone();
        u.choose_iter(modules.iter_mut())?.corrupt(u)?;
        let corrupt: Vec<_> = modules.iter().map(CModule::annotated).collect();
        compare(&format!("with {modules:?}"), &corrupt, &options);
    }
    Ok(comparison)
}

fn fuse(program: &Program, modules: &[Vec<u8>], options: &FuseOptions) -> Vec<u8> {
    let load = |(module, bytes): (&CModule, &Vec<u8>)| {
        InputModule::load(module.name.as_str(), bytes.as_slice()).expect("it is a module")
    };
    let mut inputs: Vec<_> = program.modules.iter().zip(modules).map(load).collect();
    let main = inputs.remove(0);
    let set = Set::gather(main, inputs, &mut NoLibraries).expect("it needs no others");
    let plan = Plan::new(set).expect("it can be linked");
    let fuse = || plan.fuse(options).expect("it can be fused").modules.remove(0).bytes;
    let fused = fuse();
    assert!(fused == fuse(), "the same plan becomes other bytes");
    fused
}

/// A program that runs.
struct Observer {
    store: Store<()>,
    memory: Option<Memory>,
    /// The exports of a fused program, or all modules.
    running: Running,
}

enum Running {
    Fused(Instance),
    Separate(host::LinkedInstance),
}

/// Runs the modules as instances of their own, and returns what happens.
fn separate(program: &Program, modules: &[Vec<u8>]) -> Vec<String> {
    let mut linker = host::Linker::new(engine());
    for (index, (module, bytes)) in program.modules.iter().zip(modules).enumerate() {
        let added = match index {
            0 => linker.program(&module.name, bytes.clone()),
            _ => linker.library(&module.name, bytes.clone()),
        };
        added.expect("it is a module");
    }
    linker.mode(Mode::Separate);
    let mut store = Store::new(engine(), ());
    let linked = linker.instantiate(&mut store).expect("it starts");
    let memory = linked.get_memory(&mut store);
    Observer { store, memory, running: Running::Separate(linked) }.observe(program)
}

impl Observer {
    fn of_fused(fused: &[u8]) -> Self {
        let module = Module::new(engine(), fused).expect("what is fused is valid");
        let mut store = Store::new(engine(), ());
        let instance = Instance::new(&mut store, &module, &[]).expect("it imports nothing");
        if let Ok(initialize) = instance.get_typed_func::<(), ()>(&mut store, "_initialize") {
            initialize.call(&mut store, ()).expect("constructors do not trap");
        }
        let memory = instance.get_memory(&mut store, "memory");
        Observer { store, memory, running: Running::Fused(instance) }
    }

    /// Calls the functions, and reads the variables before and after.
    fn observe(mut self, program: &Program) -> Vec<String> {
        let mut events: Vec<_> = program.variables.iter().map(|v| self.read(v)).collect();
        for name in &program.functions {
            for argument in 0..=MOST_CALLS {
                let event = self.call(name, argument);
                events.push(format!("{name}({argument}): {event}"));
            }
        }
        events.extend(program.variables.iter().map(|v| self.read(v)).collect::<Vec<_>>());
        events
    }

    fn call(&mut self, name: &str, argument: i32) -> String {
        let function = match &self.running {
            Running::Fused(instance) => instance.get_func(&mut self.store, name),
            Running::Separate(linked) => linked.symbol(&mut self.store, name),
        };
        let function = function.expect("it is exported");
        let mut results = [Val::I32(0)];
        match function.call(&mut self.store, &[Val::I32(argument)], &mut results) {
            Ok(()) => format!("{:?}", results[0].i32()),
            Err(error) => reason(&error),
        }
    }

    /// Describes the content of a variable, without any address.
    fn read(&mut self, variable: &Variable) -> String {
        let address = self.address(&variable.name);
        let words = (0..).zip(&variable.words).map(|(index, word)| {
            let content = self.word(address + 4 * index);
            match word {
                Word::Number(_) => content.to_string(),
                Word::NumberPointer(_) => format!("-> {}", self.word(content)),
                Word::Null | Word::Pointer(_) | Word::Function(_) => {
                    let is_null = content == 0;
                    format!("null: {is_null}")
                }
            }
        });
        let words: Vec<_> = words.collect();
        let tail = address + 4 * words.len() as u32;
        let tail: Vec<_> = (tail..).take(variable.tail.len()).map(|at| self.byte(at)).collect();
        format!("{}: {words:?} {tail:?}", variable.name)
    }

    fn address(&mut self, name: &str) -> u32 {
        match &self.running {
            Running::Fused(instance) => {
                let global = instance.get_global(&mut self.store, name).expect("it is exported");
                global.get(&mut self.store).i32().expect("it is an address").cast_unsigned()
            }
            Running::Separate(linked) => linked.address(name).expect("it has an address"),
        }
    }

    fn byte(&self, address: u32) -> u8 {
        self.memory.expect("there is a memory").data(&self.store)[address as usize]
    }

    fn word(&self, address: u32) -> u32 {
        u32::from_le_bytes([0, 1, 2, 3].map(|offset| self.byte(address + offset)))
    }
}
