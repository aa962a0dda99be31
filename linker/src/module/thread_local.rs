//! The thread-local variables of a module that is compiled for threads.
//!
//! Such a module reads them relative to a global, `__tls_base`, and keeps their initial values in a
//! passive data segment. Each thread needs a block of memory with a copy of that segment. Compilers
//! have prepared the block of the first thread in three ways:
//!
//! - wasm-ld writes a function `__wasm_init_tls`. It sets `__tls_base` to its argument, copies the
//!   segment there, and applies the relocations in the block. A module can export it.
//! - Emscripten's `emscripten_tls_init`, later `_emscripten_tls_init`, allocates a block if there
//!   is none yet and calls `__wasm_init_tls`.
//! - In newer versions of LLVM (in 22, not yet in 14) the start function, `__wasm_init_memory`,
//!   sets `__tls_base` to a block in the module's own data, and copies the segment there.
//!   Relocations are still left to `__wasm_init_tls`, which calls `__wasm_apply_tls_relocs`. If
//!   nothing exports the former, wasm-ld leaves it out, and nothing calls the latter.
//!
//! Code for WASI preview 3 has no `__tls_base`. It calls `__wasm_get_tls_base` and
//! `__wasm_set_tls_base`, which it imports.
//!
//! Source: `createInitTLSFunction` and `createInitMemoryFunction` in LLVM's
//! [lld/wasm/Writer.cpp](https://github.com/llvm/llvm-project/blob/main/lld/wasm/Writer.cpp), and
//! Emscripten's
//! [emscripten_tls_init.c](https://github.com/emscripten-core/emscripten/blob/main/system/lib/pthread/emscripten_tls_init.c).
//!
//! There is one thread here, so there is one block. If the start function sets no address, the
//! linker places the block behind the module's data.

use wasmparser::{FunctionBody, Operator};

use crate::convention::{
    EMSCRIPTEN_INIT_TLS, ENV, GET_TLS_BASE, INIT_TLS, PAGE, SET_TLS_BASE, TLS_ALIGN,
    TLS_RELOCATIONS, TLS_SIZE,
};
use crate::module::constant::{Base, Constant};
use crate::module::data::{BlockInitialiser, Export, Import, ThreadLocal};
use crate::module::dylink::{Alignment, MemInfo};
use crate::module::sections::{Contents, Signatures};
use crate::types::ExternType;

/// The function by which `emscripten_tls_init` allocates a block.
const ALLOCATE: &str = "emscripten_builtin_memalign";

const SIZE_IS_WRONG: &str =
    "has a `__tls_size` that is less than the size of its thread-local variables";
const OUTSIDE_OF_DATA: &str =
    "has its thread-local variables outside of the memory that it asks for in `dylink.0`";
const ALIGNMENT_IS_WRONG: &str = "has a `__tls_align` that is no power of two of at most 65536";
pub(crate) const NO_INITIALISER: &str = "has thread-local variables, and nothing in it says \
     where they are: link it by a newer LLVM, such as 22, or with `-Wl,--export=__wasm_init_tls`";
const NO_BLOCK_IN_MAIN: &str = "is not position independent, and has thread-local variables \
     for which it expects its own runtime to allocate memory: link it by a newer LLVM, such as 22";

/// What is known of a module before its thread-local variables are looked for.
pub(crate) struct Source<'m, 'a> {
    pub(crate) contents: &'m Contents<'a>,
    pub(crate) imports: &'m [Import],
    pub(crate) exports: &'m [Export],
    pub(crate) imported_globals: u32,
    /// The value of each defined global, if it is known.
    pub(crate) global_values: &'m [Option<u32>],
    /// For each imported global, which base it is, if it is one.
    pub(crate) bases: &'m [Option<Base>],
    /// Those of a shared library; `None` for a main.
    pub(crate) mem_info: Option<MemInfo>,
}

impl Source<'_, '_> {
    /// Finds the block; returns `None` for a module without one.
    ///
    /// # Errors
    ///
    /// If the block cannot be placed, the reason.
    pub(crate) fn find(&self) -> Result<Option<ThreadLocal>, &'static str> {
        let initialiser = self.initialiser();
        let size = initialiser.as_ref().map_or(0, |init| self.size_of_segments(init.function));
        let mem_info = self.mem_info.unwrap_or_default();
        if let Some(Block { base, offset, size }) = self.block_of_start() {
            let size = self.checked_size(size)?;
            let end = u64::from(offset) + u64::from(size);
            if self.mem_info.is_some() && end > mem_info.memory_size.into() {
                return Err(OUTSIDE_OF_DATA);
            }
            let initialiser = initialiser.or_else(|| self.relocations(base));
            return Ok(Some(ThreadLocal { offset, size, mem_info, initialiser }));
        }
        let size = self.checked_size(size)?;
        match initialiser {
            Some(initialiser) if size > 0 => self.place(size, initialiser).map(Some),
            _ => Ok(None),
        }
    }

    /// Places the block behind the data of the module.
    fn place(&self, size: u32, initialiser: BlockInitialiser) -> Result<ThreadLocal, &'static str> {
        let mut mem_info = self.mem_info.ok_or(NO_BLOCK_IN_MAIN)?;
        let imports_base = self.bases.contains(&Some(Base::Memory));
        let is_redirected = initialiser.allocation.is_some() && imports_base;
        if !initialiser.takes_address && !is_redirected {
            return Err(NO_INITIALISER);
        }
        let alignment = self.alignment()?.unwrap_or(mem_info.memory_alignment);
        let aligned = u64::from(mem_info.memory_size).next_multiple_of(u64::from(alignment));
        let offset = u32::try_from(aligned).map_err(|_| OUTSIDE_OF_DATA)?;
        mem_info.memory_size = offset.checked_add(size).ok_or(OUTSIDE_OF_DATA)?;
        mem_info.memory_alignment = mem_info.memory_alignment.max(alignment);
        Ok(ThreadLocal { offset, size, mem_info, initialiser: Some(initialiser) })
    }

    /// Returns the size of the block: the exported one, if that is not too small.
    fn checked_size(&self, found: u32) -> Result<u32, &'static str> {
        match self.exported_value(TLS_SIZE) {
            Some(size) if size < found => Err(SIZE_IS_WRONG),
            Some(size) => Ok(size),
            None => Ok(found),
        }
    }

    /// Returns the exported alignment, if there is one.
    fn alignment(&self) -> Result<Option<Alignment>, &'static str> {
        let Some(bytes) = self.exported_value(TLS_ALIGN).filter(|bytes| *bytes > 0) else {
            return Ok(None);
        };
        if !bytes.is_power_of_two() || u64::from(bytes) > PAGE {
            return Err(ALIGNMENT_IS_WRONG);
        }
        Ok(Alignment::from_log2(bytes.trailing_zeros()))
    }

    fn exported_value(&self, name: &str) -> Option<u32> {
        let export = self.exports.iter().find(|export| export.name == name)?;
        matches!(export.ty, ExternType::Global(_)).then_some(())?;
        let global = export.index.checked_sub(self.imported_globals)?;
        *self.global_values.get(global as usize)?
    }

    /// Returns the exported function that prepares a block. A function of another type is a fault
    /// that is found later.
    fn initialiser(&self) -> Option<BlockInitialiser> {
        let names = [INIT_TLS].into_iter().chain(EMSCRIPTEN_INIT_TLS);
        let mut found = names.filter_map(|name| {
            let function = self.contents.exported_function(name)?;
            Some(BlockInitialiser {
                name,
                function,
                takes_address: name == INIT_TLS,
                allocation: self.allocation(function),
            })
        });
        found.next()
    }

    /// Returns the imported function by which a function allocates a block.
    fn allocation(&self, function: u32) -> Option<u32> {
        let imported = self.imports.iter().filter(|i| matches!(i.ty, ExternType::Func(_)));
        let (allocate, import) = (0..).zip(imported).find(|(_, import)| import.name == ALLOCATE)?;
        let operators = operators(self.body(function)?);
        let mut callees = operators.filter_map(|operator| callee(&operator));
        (import.ty.to_string() == "(i32, i32) -> i32").then_some(())?;
        callees.find(|callee| *callee == allocate)
    }

    /// Returns the size of the segments that a function and those that it calls copy.
    fn size_of_segments(&self, function: u32) -> u32 {
        let operators = self.bodies(function).into_iter().flat_map(operators);
        let sizes = operators.filter_map(|operator| match operator {
            Operator::MemoryInit { data_index, .. } => {
                let data = self.contents.data.get(data_index as usize)?;
                u32::try_from(data.data.len()).ok()
            }
            _ => None,
        });
        sizes.max().unwrap_or(0)
    }

    /// Returns the block that the start function prepares.
    fn block_of_start(&self) -> Option<Block> {
        let start = self.contents.start?;
        self.bodies(start).into_iter().find_map(|body| self.block_of(body))
    }

    /// Returns the block that a function prepares: it sets a global to the address to which the
    /// next instructions copy a segment.
    fn block_of(&self, body: &FunctionBody<'_>) -> Option<Block> {
        let set_base = self.imported_function(SET_TLS_BASE);
        let mut evaluator = Evaluator { bases: self.bases, set_base, ..Evaluator::default() };
        operators(body).find_map(|operator| evaluator.operator(&operator))
    }

    /// Returns the bodies of a function and of those that it calls.
    fn bodies(&self, function: u32) -> Vec<&FunctionBody<'_>> {
        let own = self.body(function);
        let operators = own.into_iter().flat_map(operators);
        let callees = operators.filter_map(|operator| self.body(callee(&operator)?));
        own.into_iter().chain(callees).collect()
    }

    fn body(&self, function: u32) -> Option<&FunctionBody<'_>> {
        self.contents.bodies.get(self.defined(function)?)
    }

    /// Returns the index of a function among those that the module defines.
    fn defined(&self, function: u32) -> Option<usize> {
        (function as usize).checked_sub(self.imported_functions().count())
    }

    fn imported_functions(&self) -> impl Iterator<Item = &Import> {
        self.imports.iter().filter(|import| matches!(import.ty, ExternType::Func(_)))
    }

    /// Returns the function that is imported under a name.
    fn imported_function(&self, name: &str) -> Option<u32> {
        let mut functions = (0..).zip(self.imported_functions());
        functions
            .find(|(_, import)| import.module == ENV && import.name == name)
            .map(|(function, _)| function)
    }

    /// Returns the function that applies the relocations in the block, if there is one. It has its
    /// name in the name section. Without that section it is known by its code.
    fn relocations(&self, base: TlsBase) -> Option<BlockInitialiser> {
        let mut names = self.contents.function_names().peekable();
        let function = match self.contents.exported_function(TLS_RELOCATIONS) {
            Some(function) => function,
            None if names.peek().is_some() => {
                names.find(|naming| naming.name == TLS_RELOCATIONS)?.index
            }
            None => self.unnamed_relocations(base)?,
        };
        let ty = *self.contents.functions.get(self.defined(function)?)?;
        let signatures = Signatures::new([], self.contents);
        let ty = signatures.function(ty)?;
        let is_right = ty.params().is_empty() && ty.results().is_empty();
        is_right.then_some(BlockInitialiser {
            name: TLS_RELOCATIONS,
            function,
            takes_address: false,
            allocation: None,
        })
    }

    /// Returns the function that does nothing but apply relocations in the block.
    fn unnamed_relocations(&self, base: TlsBase) -> Option<u32> {
        let base = match base {
            TlsBase::Global(global_index) => Operator::GlobalGet { global_index },
            TlsBase::Import => {
                Operator::Call { function_index: self.imported_function(GET_TLS_BASE)? }
            }
        };
        let defined = (self.imported_functions().count()..).zip(&self.contents.bodies);
        let mut found = defined.filter(|(_, body)| applies_relocations(body, &base));
        found.next().and_then(|(function, _)| u32::try_from(function).ok())
    }
}

/// Returns whether a function only stores addresses in the block, by the instructions that wasm-ld
/// writes for a relocation. Compilers write the two operands of the first sum in the other order.
///
/// ```text
/// i32.const OFFSET, BASE, i32.add
/// global.get ADDRESS              or: global.get, i32.const, i32.add
/// i32.store
/// ```
fn applies_relocations(body: &FunctionBody<'_>, base: &Operator<'_>) -> bool {
    let mut operators: Vec<_> = operators(body).collect();
    let ends = operators.pop() == Some(Operator::End);
    let is_store = |operator: &Operator<'_>| matches!(operator, Operator::I32Store { .. });
    let mut stores = operators.split_inclusive(is_store);
    ends && !operators.is_empty() && stores.all(|store| is_relocation(store, base))
}

fn is_relocation(store: &[Operator<'_>], base: &Operator<'_>) -> bool {
    use Operator::{GlobalGet, I32Add, I32Const, I32Store};
    let [I32Const { .. }, of, I32Add, address @ ..] = store else { return false };
    let is_address = matches!(
        address,
        [GlobalGet { .. }, I32Store { .. }]
            | [GlobalGet { .. }, I32Const { .. }, I32Add, I32Store { .. }]
    );
    of == base && is_address
}

/// Returns the instructions of a function, up to the first that cannot be read.
fn operators<'a>(body: &FunctionBody<'a>) -> impl Iterator<Item = Operator<'a>> + use<'a> {
    let operators = body.get_operators_reader().into_iter();
    operators.flat_map(|reader| reader.into_iter().map_while(Result::ok))
}

fn callee(operator: &Operator<'_>) -> Option<u32> {
    match operator {
        Operator::Call { function_index } => Some(*function_index),
        _ => None,
    }
}

/// Where a module keeps the address of its block.
#[derive(Clone, Copy)]
enum TlsBase {
    /// In the global with this index.
    Global(u32),
    /// Behind the functions that code for WASI preview 3 imports.
    Import,
}

/// A block that the start function prepares.
struct Block {
    base: TlsBase,
    offset: u32,
    size: u32,
}

/// Evaluates the numbers on the stack, as far as they are constants and sums with
/// `__memory_base`. Any other instruction discards them.
#[derive(Default)]
struct Evaluator<'m> {
    bases: &'m [Option<Base>],
    /// The imported function that sets the address of the block, if there is one.
    set_base: Option<u32>,
    stack: Vec<Option<Constant>>,
    locals: Vec<(u32, Constant)>,
    /// The address that the instructions since the last other one have set.
    assigned: Option<(TlsBase, Constant)>,
}

impl Evaluator<'_> {
    /// Evaluates an instruction. Returns the block if it copies a segment to the address that was
    /// assigned just before.
    fn operator(&mut self, operator: &Operator<'_>) -> Option<Block> {
        match *operator {
            Operator::I32Const { value } => {
                let value = value.cast_unsigned();
                self.stack.push(Some(Constant { base: None, value }));
            }
            Operator::GlobalGet { global_index } => {
                let base = self.bases.get(global_index as usize).copied().flatten();
                let value = base.map(|base| Constant { base: Some(base), value: 0 });
                self.stack.push(value);
            }
            Operator::I32Add => {
                let (right, left) = (self.pop(), self.pop());
                let sum = left.zip(right).and_then(|(left, right)| left.plus(right));
                self.stack.push(sum);
            }
            Operator::LocalTee { local_index } => self.set_local(local_index),
            Operator::LocalSet { local_index } => {
                self.set_local(local_index);
                self.stack.pop();
            }
            Operator::LocalGet { local_index } => {
                let known = self.locals.iter().rev().find(|(local, _)| *local == local_index);
                self.stack.push(known.map(|(_, value)| *value));
            }
            Operator::GlobalSet { global_index } => self.assign(TlsBase::Global(global_index)),
            Operator::Call { function_index } if self.set_base == Some(function_index) => {
                self.assign(TlsBase::Import);
            }
            Operator::MemoryInit { mem: 0, .. } => return self.copied(),
            _ => {
                self.stack.clear();
                self.assigned = None;
            }
        }
        None
    }

    fn pop(&mut self) -> Option<Constant> {
        self.stack.pop().flatten()
    }

    fn assign(&mut self, base: TlsBase) {
        self.assigned = self.pop().map(|address| (base, address));
    }

    fn set_local(&mut self, local: u32) {
        self.locals.retain(|(other, _)| *other != local);
        let value = self.stack.last().copied().flatten();
        self.locals.extend(value.map(|value| (local, value)));
    }

    /// Returns the block if the segment is copied to the address that was assigned.
    fn copied(&mut self) -> Option<Block> {
        let size = self.pop();
        self.stack.pop();
        let address = self.pop();
        let (base, assigned) = self.assigned.take().filter(|(_, at)| Some(*at) == address)?;
        let is_table = assigned.base == Some(Base::Table);
        let size = size.filter(|size| size.base.is_none() && !is_table)?;
        Some(Block { base, offset: assigned.value, size: size.value })
    }
}
