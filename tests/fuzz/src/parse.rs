//! Any bytes as a module: a record or an error, and whatever is asked of them afterwards an answer.

use linker::{FuncType, InputModule, LoadError, Module, SourceMap};

use super::modules::check_text;

pub fn run(data: &[u8]) {
    if data.starts_with(b"{") {
        return source_map(data);
    }
    let valid = linker::validate("fuzzed", data);
    if let Err(error) = &valid {
        check_text(&error.to_string());
    }
    match Module::load("fuzzed", data) {
        Ok(module) => loaded(&module, data),
        Err(error) => {
            check_text(&error.to_string());
            // Beyond what is invalid, only what the convention asks for, and threads, are refused.
            let ours = matches!(
                error,
                LoadError::DylinkNotFirst { .. }
                    | LoadError::Alignment { .. }
                    | LoadError::Malformed { .. }
                    | LoadError::SharedMemory { .. }
            );
            assert!(valid.is_err() || ours, "valid, but {error}");
        }
    }
}

fn loaded(module: &Module, data: &[u8]) {
    serde_json::to_string(module).expect("a record is JSON");
    for (name, ty) in module.functions() {
        assert!(module.function(name).is_some(), "`{name}` is lost");
        // References to types of the module's own cannot be written down.
        if let Ok(read) = ty.to_string().parse::<FuncType>() {
            assert_eq!(read, *ty, "a type is read as something else");
        }
    }
    let input = InputModule::load("fuzzed", data).expect("it was loaded before");
    assert!(input.symbols().count() <= module.exports.len());
    for function in 0..4 {
        let _ = linker::function_name(data, function);
        let _ = input.function_start(function);
    }
    // Debug information is any bytes, whatever the code is. Nobody reads it of what has none.
    if find_debug(data) {
        for offset in [0, data.len() / 2, data.len()] {
            let _ = linker::source_lines(data, offset);
        }
    }
}

fn find_debug(data: &[u8]) -> bool {
    data.windows(7).any(|window| window == b".debug_")
}

/// A file next to a fused module, from an unknown author.
fn source_map(data: &[u8]) {
    let Ok(map) = serde_json::from_slice::<SourceMap>(data) else { return };
    let map = map.read();
    for offset in [0, 1, 8, 0xffff, u32::MAX as usize, usize::MAX] {
        let _ = (map.module(offset), map.lines(offset));
    }
}
