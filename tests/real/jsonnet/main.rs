//! Evaluates Jsonnet, whose C++ throws an exception for each error, and catches it before it returns: in programs,
//! well-formed or not, and in what functions of Rust report. The native program has the library by the crate `jsonnet-sys`; as a WebAssembly main it is
//! linked to the same sources as a shared library.

#[path = "../common.rs"]
#[expect(dead_code, reason = "programs need no generated input")]
mod common;

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr;

use common::print;
// Brings the native library.
#[cfg(not(target_family = "wasm"))]
use jsonnet_sys as _;

type Vm = *mut c_void;
type Json = *mut c_void;
type Native = extern "C" fn(Vm, *const Json, *mut c_int) -> Json;

#[cfg_attr(target_family = "wasm", link(wasm_import_module = "env"))]
unsafe extern "C" {
    fn jsonnet_make() -> Vm;
    fn jsonnet_destroy(vm: Vm);
    fn jsonnet_max_stack(vm: Vm, frames: u32);
    fn jsonnet_ext_var(vm: Vm, key: *const c_char, value: *const c_char);
    fn jsonnet_evaluate_snippet(
        vm: Vm,
        name: *const c_char,
        snippet: *const c_char,
        error: *mut c_int,
    ) -> *mut c_char;
    fn jsonnet_realloc(vm: Vm, text: *mut c_char, size: usize) -> *mut c_char;
    fn jsonnet_native_callback(
        vm: Vm,
        name: *const c_char,
        function: Native,
        context: Vm,
        parameters: *const *const c_char,
    );
    fn jsonnet_json_extract_number(vm: Vm, value: Json, number: *mut f64) -> c_int;
    fn jsonnet_json_make_number(vm: Vm, number: f64) -> Json;
    fn jsonnet_json_make_string(vm: Vm, text: *const c_char) -> Json;
}

/// `std.native('root')(x)`: fails without a root.
extern "C" fn root(vm: Vm, arguments: *const Json, success: *mut c_int) -> Json {
    let mut number = 0.0;
    // SAFETY: Jsonnet calls this with one argument and a place for the outcome
    unsafe {
        let is_number = jsonnet_json_extract_number(vm, *arguments, &mut number) == 1;
        let root = Some(number.sqrt()).filter(|root| is_number && !root.is_nan());
        *success = root.is_some().into();
        match root {
            Some(root) => jsonnet_json_make_number(vm, root),
            None => jsonnet_json_make_string(vm, c"Rust knows no root of that".as_ptr()),
        }
    }
}

/// The source to evaluate, and its name.
const SNIPPETS: [(&CStr, &str); 17] = [
    (c"arithmetic", "[1 + 2, 7 % 4, 1 / 3, 'a' + 1, [1, 2] + [3], 5 & 6, !true]"),
    (c"objects", "local base = {a: 1, b: self.a + 1}; base + {a: 10, c:: 'hidden', d: super.b}"),
    (
        c"library",
        "[std.md5('x'), std.sort([3, 1, 2]), std.format('%05.1f %s', [3.14159, 'pi']), \
        std.split('a-b-c', '-'), std.base64('hello'), std.range(1, 5)]",
    ),
    (c"comprehensions", "{[x + 'y']: x for x in ['a', 'b', 'c'] if x != 'b'}"),
    (c"native", "[std.native('root')(x) for x in [4, 2, 0.25]]"),
    (c"document", "std.parseJson('{\"a\": [1, 2.5e3, true, null, \"\\\\u00e4\"], \"b\": {}}')"),
    (c"unfinished", "{a: 1, b: [1, 2"),
    (c"unexpected", "local x = ; x"),
    (c"unterminated", "'abc"),
    (c"unknown", "{a: missing}"),
    (c"thrown", "local f(x) = if x > 3 then error 'more than 3: ' + x else f(x + 1); f(0)"),
    (c"types", "{a: 'x' * 2}"),
    (c"no-field", "{a: 1}.b"),
    (c"bounds", "[1, 2, 3][7]"),
    (c"assertion", "assert std.extVar('given') == 'other' : 'it is ' + std.extVar('given'); 1"),
    (c"endless", "local f(x) = f(x + 1) + 1; f(0)"),
    (c"native-fails", "{a: std.native('root')(-1)}"),
];

fn evaluate(vm: Vm, name: &CStr, snippet: &str) -> (c_int, String) {
    let snippet = CString::new(snippet).unwrap_or_default();
    let mut error = 0;
    // SAFETY: name and snippet are C strings, and so is the result, which belongs to us
    unsafe {
        let text = jsonnet_evaluate_snippet(vm, name.as_ptr(), snippet.as_ptr(), &mut error);
        let result = CStr::from_ptr(text).to_string_lossy().into_owned();
        jsonnet_realloc(vm, text, 0);
        (error, result)
    }
}

#[unsafe(no_mangle)]
extern "C" fn test() -> c_int {
    let parameters = [c"x".as_ptr(), ptr::null()];
    // SAFETY: the machine is used until it is destroyed, and the array of names ends with null
    unsafe {
        let vm = jsonnet_make();
        jsonnet_max_stack(vm, 50);
        jsonnet_ext_var(vm, c"given".as_ptr(), c"this".as_ptr());
        jsonnet_native_callback(vm, c"root".as_ptr(), root, vm, parameters.as_ptr());
        for (name, snippet) in SNIPPETS {
            let (error, result) = evaluate(vm, name, snippet);
            print(format!("{}: {error}\n{result}", name.to_string_lossy()));
        }
        // Again and again, so that what is thrown must be given back.
        let failed = (0..200).filter(|_| evaluate(vm, c"again", "[error 'again']").0 == 1).count();
        print(format!("{failed} times"));
        jsonnet_destroy(vm);
    }
    42
}

#[cfg(not(target_family = "wasm"))]
fn main() {
    print(test().to_string());
}
