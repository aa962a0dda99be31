//! The names of the tool convention DynamicLinking.

/// The module from which symbols and the shared memory, table and stack are imported.
pub(crate) const ENV: &str = "env";
/// Mutable globals with the address of a data symbol.
pub(crate) const GOT_MEM: &str = "GOT.mem";
/// Mutable globals with the table slot of a function.
pub(crate) const GOT_FUNC: &str = "GOT.func";

pub(crate) const MEMORY: &str = "memory";
/// The name of the memory in object files.
pub(crate) const LINEAR_MEMORY: &str = "__linear_memory";
pub(crate) const TABLE: &str = "__indirect_function_table";
pub(crate) const STACK_POINTER: &str = "__stack_pointer";
pub(crate) const MEMORY_BASE: &str = "__memory_base";
pub(crate) const TABLE_BASE: &str = "__table_base";

/// The address at which free memory begins.
pub(crate) const HEAP_BASE: &str = "__heap_base";
/// The end of the memory that exists from the start.
pub(crate) const HEAP_END: &str = "__heap_end";
pub(crate) const STACK_LOW: &str = "__stack_low";
pub(crate) const STACK_HIGH: &str = "__stack_high";

/// Functions that apply relocations, in the order in which they must be called.
pub(crate) const RELOCATIONS: [&str; 2] =
    ["__wasm_apply_data_relocs", "__wasm_apply_global_relocs"];
/// Runs a module's constructors.
pub(crate) const CALL_CONSTRUCTORS: &str = "__wasm_call_ctors";
/// Runs the destructors that were registered for a program's end, in the libc of wasi-sdk and Rust.
pub(crate) const CALL_DESTRUCTORS: &str = "__wasm_call_dtors";
/// Copies the data of a module that is compiled for threads to its memory. It is the start function
/// too, except in some modules of older toolchains.
pub(crate) const INIT_MEMORY: &str = "__wasm_init_memory";
/// Prepares the block of thread-local variables whose address it is given.
pub(crate) const INIT_TLS: &str = "__wasm_init_tls";
/// Emscripten's functions that prepare a block of thread-local variables and return its address:
/// the newer and the older name.
pub(crate) const EMSCRIPTEN_INIT_TLS: [&str; 2] = ["_emscripten_tls_init", "emscripten_tls_init"];
/// Applies the relocations in the block of thread-local variables. [`INIT_TLS`] calls it.
pub(crate) const TLS_RELOCATIONS: &str = "__wasm_apply_tls_relocs";
/// Constants with the size and the alignment of a block of thread-local variables, in bytes.
pub(crate) const TLS_SIZE: &str = "__tls_size";
pub(crate) const TLS_ALIGN: &str = "__tls_align";

/// The functions by which code for WASI preview 3 reads and sets the stack pointer, and the address
/// of its module's thread-local variables.
pub(crate) const GET_STACK_POINTER: &str = "__wasm_get_stack_pointer";
pub(crate) const SET_STACK_POINTER: &str = "__wasm_set_stack_pointer";
pub(crate) const GET_TLS_BASE: &str = "__wasm_get_tls_base";
pub(crate) const SET_TLS_BASE: &str = "__wasm_set_tls_base";
/// Describes the thread-local variables of each module for WASI preview 3 to its libc.
const LIBRARY_TLS_INFO: &str = "__wasm_library_tls_info";

/// Initializes a reactor and runs its constructors. In shared libraries of older toolchains it runs
/// them only if a weak symbol is defined; so [`CALL_CONSTRUCTORS`] comes first there.
pub(crate) const INITIALIZE: &str = "_initialize";

/// Sets the bounds of the stack in a module that Emscripten has instrumented.
pub(crate) const SET_STACK_LIMITS: &str = "__set_stack_limits";

/// Stands for a module when it registers destructors. It is the address of the module's data.
pub(crate) const DSO_HANDLE: &str = "__dso_handle";
/// The functions that register destructors of static and of `thread_local` objects for the end. The
/// last parameter is the handle of the module that the destructor is in.
pub(crate) const REGISTER_AT_EXIT: [&str; 2] = ["__cxa_atexit", "__cxa_thread_atexit"];

/// Runs a command.
pub(crate) const START: &str = "_start";

/// Returns whether a name is private to each module, and never looked up for another one.
pub(crate) fn is_private(name: &str) -> bool {
    const PRIVATE: [&str; 29] = [
        MEMORY,
        TABLE,
        STACK_POINTER,
        MEMORY_BASE,
        TABLE_BASE,
        HEAP_BASE,
        HEAP_END,
        STACK_LOW,
        STACK_HIGH,
        RELOCATIONS[0],
        RELOCATIONS[1],
        CALL_CONSTRUCTORS,
        INITIALIZE,
        START,
        SET_STACK_LIMITS,
        DSO_HANDLE,
        "__data_end",
        "__global_base",
        "__tls_base",
        TLS_SIZE,
        TLS_ALIGN,
        EMSCRIPTEN_INIT_TLS[0],
        EMSCRIPTEN_INIT_TLS[1],
        TLS_RELOCATIONS,
        GET_STACK_POINTER,
        SET_STACK_POINTER,
        GET_TLS_BASE,
        SET_TLS_BASE,
        LIBRARY_TLS_INFO,
    ];
    PRIVATE.contains(&name) || name.starts_with("__wasm_init_")
}

/// Bytes of a page of linear memory.
pub(crate) const PAGE: u64 = 64 * 1024;
