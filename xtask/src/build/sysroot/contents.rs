//! The contents of the system libraries: sources, archives, objects and symbols, by name.

pub(super) const LIBC: &str = "libc.wasm";
pub(super) const LIBICONV: &str = "libiconv.wasm";
pub(super) const LIBDL: &str = "libdl.wasm";
pub(super) const WASI_LIBC: &str = "wasi-libc.wasm";
pub(super) const WASI_LIBDL: &str = "wasi-libdl.wasm";
pub(super) const WASI_STACK_PROTECTOR: &str = "wasi-stack-protector.wasm";

/// The sources in `xtask/sysroot` that libc is built from.
pub(super) const LIBC_SOURCES: [&str; 10] = [
    "runtime.c",
    "start.c",
    "threads.c",
    "atexit.c",
    "paths.c",
    "files.c",
    "mappings.c",
    "refused.c",
    "strptime.c",
    "crates.c",
];
/// The source in `xtask/sysroot` that libdl is built from.
pub(super) const LIBDL_SOURCE: &str = "dlfcn.c";
/// The source in `xtask/sysroot` that the wasi-libc of the sysroot has in addition to Zig's.
pub(super) const WASI_LIBC_SOURCE: &str = "wasi.c";
/// The headers in `xtask/sysroot` that the sources include.
pub(super) const HEADERS: [&str; 2] = ["runtime.h", "uncaught.h"];

/// A libc++ for code that uses one of the ways to compile C++ exceptions.
pub(crate) struct Libcxx {
    pub(super) library: &'static str,
    /// Its source in `xtask/sysroot`.
    pub(super) source: &'static str,
    /// Emscripten's archives, which are linked whole, except for the objects of the parts. For
    /// each, the names that it has in different
    /// versions of Emscripten, the newest first.
    pub(crate) archives: &'static [&'static [&'static str]],
    /// The parts that become libraries of their own.
    pub(super) parts: [Part; 2],
}

/// A part of a libc++ that becomes a library of its own, so that only programs that use it pay for
/// it.
pub(super) struct Part {
    pub(super) library: &'static str,
    /// The object that it consists of.
    pub(super) object: &'static str,
    /// Objects that it has too, because newer versions hide their symbols. They stay in the libc++.
    pub(super) copied: &'static [&'static str],
    /// The index in [`Libcxx::archives`] of the archive with the object.
    pub(super) archive: usize,
}

/// Returns the parts of a libc++, whose libraries have these names:
///
/// - the standard streams: their constructor uses most of the locales;
/// - the demangler of libc++abi.
const fn parts(iostream: &'static str, demangle: &'static str) -> [Part; 2] {
    [
        Part { library: iostream, object: "iostream.o", copied: &[], archive: 0 },
        Part {
            library: demangle,
            object: "cxa_demangle.o",
            copied: &["abort_message.o"],
            archive: 1,
        },
    ]
}

impl Libcxx {
    /// Returns the file names of this libc++ and of its parts.
    pub(super) fn libraries(&self) -> impl Iterator<Item = &'static str> {
        [self.library].into_iter().chain(self.parts.iter().map(|part| part.library))
    }
}

/// The linker chooses one of these for each program. The first is for programs in which nothing
/// catches exceptions.
pub(crate) const LIBCXX: [Libcxx; 3] = [
    Libcxx {
        library: "libc++.wasm",
        source: "uncaught.cpp",
        archives: &[&["libc++-noexcept"], &["libc++abi-noexcept"]],
        parts: parts("libc++-iostream.wasm", "libc++-demangle.wasm"),
    },
    Libcxx {
        library: "libc++-exceptions.wasm",
        source: "exceptions.cpp",
        archives: &[&["libc++"], &["libc++abi"]],
        parts: parts("libc++-exceptions-iostream.wasm", "libc++-exceptions-demangle.wasm"),
    },
    // The archives of newer versions have the final encoding of exceptions, those of older versions
    // the legacy one, which the linker translates.
    Libcxx {
        library: "libc++-wasm-exceptions.wasm",
        source: "wasm-exceptions.cpp",
        archives: &[
            &["libc++-wasmexcept", "libc++-except"],
            &["libc++abi-wasmexcept", "libc++abi-except"],
            &["libunwind-wasmexcept", "libunwind-except"],
        ],
        parts: parts(
            "libc++-wasm-exceptions-iostream.wasm",
            "libc++-wasm-exceptions-demangle.wasm",
        ),
    },
];

/// The libc++ for wasi-libc of programs in which nothing catches exceptions. Its archives are those
/// of Zig.
pub(super) const WASI_LIBCXX: Libcxx = Libcxx {
    library: "wasi-libc++.wasm",
    source: "uncaught.cpp",
    archives: &[],
    parts: parts("wasi-libc++-iostream.wasm", "wasi-libc++-demangle.wasm"),
};

/// The libc++ for wasi-libc of programs that are compiled with `-fwasm-exceptions`. It is compiled
/// here: Zig has it without exceptions only.
pub(super) const WASI_LIBCXX_EXCEPTIONS: Libcxx = Libcxx {
    library: "wasi-libc++-wasm-exceptions.wasm",
    source: "wasm-exceptions.cpp",
    archives: &[],
    parts: parts(
        "wasi-libc++-wasm-exceptions-iostream.wasm",
        "wasi-libc++-wasm-exceptions-demangle.wasm",
    ),
};

/// The object of libc++abi that a program without exceptions has, and the sources, without their
/// endings, of those that one with exceptions has in its place.
pub(super) const WITHOUT_EXCEPTIONS: &str = "cxa_noexception.o";
pub(super) const WITH_EXCEPTIONS: [&str; 2] = ["cxa_exception", "cxa_personality"];

/// The objects of Zig's libc that the sysroot leaves out:
///
/// - the one that calls `main`, which the linker writes for a program;
/// - `dlopen`, which always fails there, and is in a library of its own;
/// - the environment and the clock, which `wasi.c` replaces;
/// - the object of a library of its own.
pub(super) const WASI_LIBC_LEFT_OUT: [&str; 5] =
    ["__main_void.o", "dl.o", "environ.o", "clock.o", STACK_PROTECTOR];
/// The object for code that is compiled with `-fstack-protector`. Its constructor asks the host for
/// random bytes.
pub(super) const STACK_PROTECTOR: &str = "__stack_chk_fail.o";

/// The objects of Zig's libc without their constructors: the first function that needs the folders
/// of the host finds them too.
pub(super) const WASI_LIBC_NOT_CONSTRUCTED: [&str; 1] = ["preopens.o"];

/// Returns the file names of every library for wasi-libc.
pub(super) fn wasi_libraries() -> impl Iterator<Item = &'static str> {
    let others = [WASI_LIBC, WASI_LIBDL, WASI_STACK_PROTECTOR].into_iter();
    others.chain(WASI_LIBCXX.libraries()).chain(WASI_LIBCXX_EXCEPTIONS.libraries())
}

/// Returns the file names of every library of Emscripten.
pub(super) fn libraries() -> impl Iterator<Item = &'static str> {
    [LIBC, LIBICONV, LIBDL].into_iter().chain(LIBCXX.iter().flat_map(Libcxx::libraries))
}

/// Returns the names of every source and header in `xtask/sysroot`.
pub(super) fn sources() -> impl Iterator<Item = &'static str> {
    let of_libcxx = LIBCXX.iter().map(|libcxx| libcxx.source);
    LIBC_SOURCES.into_iter().chain([LIBDL_SOURCE]).chain(of_libcxx).chain(HEADERS)
}

/// Returns the names of the sources and headers in `xtask/sysroot` for wasi-libc.
pub(super) fn wasi_sources() -> impl Iterator<Item = &'static str> {
    [WASI_LIBC_SOURCE, LIBDL_SOURCE, WASI_LIBCXX.source].into_iter().chain(HEADERS)
}

/// The sources of musl that libc is built from in addition to Emscripten's archives:
///
/// - dates, `exit`, error messages and the names of protocols, which Emscripten leaves to
///   JavaScript;
/// - IPv6 addresses, which Emscripten has in another archive;
/// - functions that read the environment or the program's name;
/// - locks, semaphores, and attributes of threads, which Emscripten has in its libc for threads;
/// - a few others that Emscripten leaves out.
///
/// Some versions of Emscripten lack some of these files, and some have an object of the same name
/// in their libc.
pub(super) const MUSL: [&str; 84] = [
    "env/clearenv.c",
    "env/getenv.c",
    "env/putenv.c",
    "env/secure_getenv.c",
    "env/unsetenv.c",
    "exit/assert.c",
    "exit/at_quick_exit.c",
    "exit/exit.c",
    "exit/quick_exit.c",
    "legacy/err.c",
    "legacy/euidaccess.c",
    "legacy/futimes.c",
    "legacy/getdtablesize.c",
    "legacy/lutimes.c",
    "network/in6addr_any.c",
    "network/in6addr_loopback.c",
    "network/proto.c",
    "signal/psignal.c",
    "signal/sigisemptyset.c",
    "thread/default_attr.c",
    "thread/lock_ptc.c",
    "thread/pthread_attr_destroy.c",
    "thread/pthread_attr_init.c",
    "thread/pthread_attr_setdetachstate.c",
    "thread/pthread_attr_setguardsize.c",
    "thread/pthread_attr_setinheritsched.c",
    "thread/pthread_attr_setschedparam.c",
    "thread/pthread_attr_setschedpolicy.c",
    "thread/pthread_attr_setscope.c",
    "thread/pthread_attr_setstack.c",
    "thread/pthread_attr_setstacksize.c",
    "thread/pthread_barrier_init.c",
    "thread/pthread_barrierattr_destroy.c",
    "thread/pthread_barrierattr_init.c",
    "thread/pthread_barrierattr_setpshared.c",
    "thread/pthread_cond_init.c",
    "thread/pthread_condattr_destroy.c",
    "thread/pthread_condattr_init.c",
    "thread/pthread_condattr_setclock.c",
    "thread/pthread_condattr_setpshared.c",
    "thread/pthread_getconcurrency.c",
    "thread/pthread_getcpuclockid.c",
    "thread/pthread_mutex_getprioceiling.c",
    "thread/pthread_mutex_init.c",
    "thread/pthread_mutex_setprioceiling.c",
    "thread/pthread_mutexattr_destroy.c",
    "thread/pthread_mutexattr_init.c",
    "thread/pthread_mutexattr_setprotocol.c",
    "thread/pthread_mutexattr_setpshared.c",
    "thread/pthread_mutexattr_setrobust.c",
    "thread/pthread_mutexattr_settype.c",
    "thread/pthread_rwlock_init.c",
    "thread/pthread_rwlockattr_destroy.c",
    "thread/pthread_rwlockattr_init.c",
    "thread/pthread_rwlockattr_setpshared.c",
    "thread/pthread_setattr_default_np.c",
    "thread/pthread_setconcurrency.c",
    "thread/pthread_setschedparam.c",
    "thread/pthread_setschedprio.c",
    "thread/pthread_spin_init.c",
    "thread/pthread_spin_trylock.c",
    "thread/pthread_spin_unlock.c",
    "thread/sem_getvalue.c",
    "thread/sem_init.c",
    "thread/sem_post.c",
    "thread/sem_trywait.c",
    "time/__month_to_secs.c",
    "time/__secs_to_tm.c",
    "time/__tm_to_secs.c",
    "time/__tz.c",
    "time/__utc.c",
    "time/__year_to_secs.c",
    "time/clock.c",
    "time/difftime.c",
    "time/ftime.c",
    "time/gettimeofday.c",
    "time/gmtime_r.c",
    "time/localtime_r.c",
    "time/mktime.c",
    "time/strftime.c",
    "time/time.c",
    "time/timegm.c",
    "time/timespec_get.c",
    "time/wcsftime.c",
];

/// The archives that libc is made of. They are linked whole, since guests may need any part. The
/// first has the `printf` that prints a `long double` in full.
pub(crate) const LIBC_ARCHIVES: [&str; 3] = ["libprintf_long_double", LIBC_ARCHIVE, "libstubs"];
pub(super) const LIBC_ARCHIVE: &str = "libc";
/// The newer and the older name of the compiler's own library, which is linked whole too.
pub(crate) const COMPILER_RT: [&str; 2] = ["libclang_rt.builtins", "libcompiler_rt"];
/// The archive from which only `malloc` and its like are linked. The rest of it is an `sbrk` that
/// takes the whole memory.
pub(crate) const MALLOC: &str = "libdlmalloc";

/// The object of libc that becomes a library of its own. Its tables of character sets are most of
/// libc's data, and few programs need them.
pub(super) const ICONV: &str = "iconv.o";
/// An object with a constant that libc does not export. libiconv gets its own copy.
pub(super) const LOCALES: &str = "c_locale.o";
/// The objects of libc that libdl replaces: they call JavaScript. Some versions lack some of them.
pub(super) const DYNAMIC_LINKING: [&str; 5] =
    ["dladdr.o", "dlclose.o", "dlerror.o", "dlsym.o", "dynlink.o"];
/// The objects of libc that `start.c` replaces: their constructors would run too.
pub(super) const START: [&str; 2] = ["__environ.o", "progname.o"];
/// The object that defines the tag of C++ exceptions in newer versions of libc++abi. The linker
/// defines one tag for the whole program.
pub(super) const TAG: &str = "__cpp_exception.o";
/// The object of libc++abi that would run the destructors of `thread_local` objects together with
/// those of static objects. libc runs them.
pub(super) const THREAD_LOCAL: &str = "cxa_thread_atexit.o";

/// The module name of WASI, which every host provides.
pub(super) const WASI: &str = "wasi_snapshot_preview1";
/// The module name of the functions that `host` provides to libdl.
pub(super) const HOST: &str = "wasm_host";

/// The symbols that the linker provides to every library.
pub(super) const CONVENTION: [&str; 9] = [
    "memory",
    "__indirect_function_table",
    "__stack_pointer",
    "__memory_base",
    "__table_base",
    "__stack_low",
    "__stack_high",
    "__heap_base",
    "__heap_end",
];
