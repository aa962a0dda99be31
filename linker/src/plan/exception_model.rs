//! The exception models of C++: the ways to compile code that catches. Each has a libc++ of its
//! own.

use crate::c_library::CLibrary;
use crate::fault::Fault;
use crate::plan::input::InputModule;
use crate::plan::system_libraries::{
    LIBCXX, LIBCXX_EXCEPTIONS, LIBCXX_WASM_EXCEPTIONS, Libcxx, WASI_LIBCXX,
    WASI_LIBCXX_WASM_EXCEPTIONS,
};

/// A way to compile code that catches exceptions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ExceptionModel {
    libcxx: Libcxx,
    /// The one for wasi-libc. Only Emscripten compiles for a model without one.
    wasi_libcxx: Option<Libcxx>,
    /// The compiler flag that selects it.
    pub(crate) flag: &'static str,
    /// The compiler flag with which exceptions pass through code that calls `setjmp`.
    pub(crate) setjmp_flag: &'static str,
    /// The beginnings of symbols that only code of this model imports. Code that only throws
    /// imports the same symbols in each model.
    markers: &'static [&'static str],
}

const EXCEPTION_MODELS: [ExceptionModel; 2] = [
    ExceptionModel {
        libcxx: LIBCXX_EXCEPTIONS,
        wasi_libcxx: None,
        flag: "-fexceptions",
        setjmp_flag: "-fexceptions",
        markers: &["__cxa_find_matching_catch_"],
    },
    ExceptionModel {
        libcxx: LIBCXX_WASM_EXCEPTIONS,
        wasi_libcxx: Some(WASI_LIBCXX_WASM_EXCEPTIONS),
        flag: "-fwasm-exceptions",
        setjmp_flag: "-sSUPPORT_LONGJMP=wasm",
        markers: &["__cpp_exception", "__wasm_lpad_context", "_Unwind_CallPersonality"],
    },
];

/// Returns the exception model of the modules, and a module that asks for it. Modules of two models
/// are a fault: neither catches what the other throws.
pub(crate) fn of<'o>(
    inputs: impl Iterator<Item = &'o InputModule> + Clone,
    faults: &mut Vec<Fault>,
) -> Option<(ExceptionModel, &'o InputModule)> {
    let asks = |input: &InputModule, model: &ExceptionModel| {
        let imports = input.module.imports.iter().filter(|_| input.shares_memory());
        let begins = |name: &str| model.markers.iter().any(|marker| name.starts_with(marker));
        imports.into_iter().any(|import| begins(&import.name))
    };
    let first = |model: ExceptionModel| {
        inputs.clone().find(|input| asks(input, &model)).map(|input| (model, input))
    };
    let mut asked = EXCEPTION_MODELS.into_iter().filter_map(first);
    let (model, module) = asked.next()?;
    for (other, second) in asked {
        faults.push(Fault::MixedExceptions {
            first: module.module.name.clone(),
            first_flag: model.flag,
            second: second.module.name.clone(),
            second_flag: other.flag,
        });
    }
    Some((model, module))
}

/// Returns the libc++ of a program with a C library and an exception model.
pub(crate) fn libcxx(library: CLibrary, model: Option<ExceptionModel>) -> Libcxx {
    match library {
        CLibrary::Emscripten => model.map_or(LIBCXX, |model| model.libcxx),
        CLibrary::Wasi => model.and_then(|model| model.wasi_libcxx).unwrap_or(WASI_LIBCXX),
    }
}

/// Returns the file of each libc++, and the model that it is for.
pub(crate) fn all() -> impl Iterator<Item = (&'static str, Option<ExceptionModel>)> {
    let models = EXCEPTION_MODELS.into_iter().flat_map(|model| {
        let files = [Some(model.libcxx), model.wasi_libcxx].into_iter().flatten();
        files.map(move |libcxx| (libcxx.file, Some(model)))
    });
    models.chain([LIBCXX, WASI_LIBCXX].map(|libcxx| (libcxx.file, None)))
}
