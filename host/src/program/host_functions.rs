//! Finds out which functions a host has. Wasmtime answers that without a store, for a module that
//! imports them.

use linker::{ExternType, Import, ValType};

use crate::compiler_threads::start_compiler;

/// Returns whether the host has all of these functions, with these types.
pub(crate) fn has_all<T: 'static>(host: &wasmtime::Linker<T>, imports: &[&Import]) -> bool {
    let imports: String = imports.iter().filter_map(|import| text(import)).collect();
    let module = wat::parse_str(format!("(module {imports})")).ok();
    let module = module.filter(|_| start_compiler().is_ok());
    let module = module.and_then(|bytes| wasmtime::Module::new(host.engine(), bytes).ok());
    module.is_some_and(|module| host.instantiate_pre(&module).is_ok())
}

fn text(import: &Import) -> Option<String> {
    let ExternType::Func(ty) = &import.ty else { return None };
    let quoted = |text: &str| text.bytes().map(|byte| format!("\\{byte:02x}")).collect::<String>();
    let list = |types: &[ValType]| types.iter().map(|ty| format!(" {ty}")).collect::<String>();
    Some(format!(
        "(import \"{}\" \"{}\" (func (param{}) (result{})))",
        quoted(&import.module),
        quoted(&import.name),
        list(&ty.params),
        list(&ty.results),
    ))
}

#[cfg(test)]
mod tests {
    use crate::{Error, Linker};

    #[test]
    fn a_missing_host_function_is_an_error_before_there_is_a_store() {
        let text =
            r#"(module (import "wasi_snapshot_preview1" "sched_yield" (func (result i32))))"#;
        let mut linker = Linker::<()>::new(&wasmtime::Engine::default());
        linker.program("yields", wat::parse_str(text).unwrap()).unwrap();
        let error = linker.link().unwrap_err();
        assert!(
            matches!(&error, Error::HostFunctions { missing } if missing.len() == 1),
            "{error}"
        );
    }
}
