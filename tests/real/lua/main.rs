//! Runs scripts in Lua, whose errors are `longjmp`: raised in scripts, in Lua's library, and in functions of
//! Rust, and caught in scripts and here. The native program has Lua by the crate `lua-src`; as a WebAssembly main
//! it is linked to the same sources as a shared library.

#[path = "../common.rs"]
#[expect(dead_code, reason = "scripts need no generated input")]
mod common;

use std::ffi::{CStr, CString, c_char, c_int, c_longlong, c_void};

use common::print;

/// An interpreter.
type State = *mut c_void;

/// A function that scripts call. It may leave by an error of Lua's, over Rust frames that have nothing to drop.
type Function = unsafe extern "C-unwind" fn(State) -> c_int;

const ALL_RESULTS: c_int = -1;

#[cfg_attr(target_family = "wasm", link(wasm_import_module = "env"))]
unsafe extern "C-unwind" {
    fn luaL_newstate() -> State;
    fn luaL_openlibs(lua: State);
    fn luaL_loadbufferx(
        lua: State,
        script: *const c_char,
        size: usize,
        name: *const c_char,
        mode: *const c_char,
    ) -> c_int;
    fn luaL_checkinteger(lua: State, argument: c_int) -> c_longlong;
    fn lua_pcallk(
        lua: State,
        arguments: c_int,
        results: c_int,
        handler: c_int,
        context: isize,
        continuation: Option<Function>,
    ) -> c_int;
    fn lua_callk(
        lua: State,
        arguments: c_int,
        results: c_int,
        context: isize,
        continuation: Option<Function>,
    );
    fn lua_error(lua: State) -> c_int;
    fn lua_gettop(lua: State) -> c_int;
    fn lua_settop(lua: State, index: c_int);
    fn lua_pushvalue(lua: State, index: c_int);
    fn lua_copy(lua: State, from: c_int, to: c_int);
    fn lua_pushinteger(lua: State, value: c_longlong);
    fn lua_pushlstring(lua: State, text: *const c_char, size: usize) -> *const c_char;
    fn lua_pushcclosure(lua: State, function: Function, values: c_int);
    fn lua_setglobal(lua: State, name: *const c_char);
    fn luaL_tolstring(lua: State, index: c_int, size: *mut usize) -> *const c_char;
    fn lua_close(lua: State);
}

/// Opens the module that `require` opens itself where it is a library of its own.
#[cfg(not(target_family = "wasm"))]
fn preload(lua: State) {
    unsafe extern "C-unwind" {
        fn luaopen_greet(lua: State) -> c_int;
        fn luaL_requiref(lua: State, name: *const c_char, open: Function, global: c_int);
    }
    // SAFETY: the stack has room for the module, which is removed
    unsafe {
        luaL_requiref(lua, c"greet".as_ptr(), luaopen_greet, 0);
        lua_settop(lua, -2);
    }
}

/// `divide(a, b)`: raises an error if that is impossible.
unsafe extern "C-unwind" fn divide(lua: State) -> c_int {
    // SAFETY: Lua calls this with its arguments on the stack
    unsafe {
        let (a, b) = (luaL_checkinteger(lua, 1), luaL_checkinteger(lua, 2));
        match a.checked_div(b) {
            Some(quotient) => {
                lua_pushinteger(lua, quotient);
                1
            }
            None => {
                let message = "Rust cannot divide by that";
                lua_pushlstring(lua, message.as_ptr().cast(), message.len());
                lua_error(lua)
            }
        }
    }
}

/// `twice(f, x)`: calls a function of the script, whose errors pass through.
unsafe extern "C-unwind" fn twice(lua: State) -> c_int {
    // SAFETY: Lua calls this with its arguments on the stack, and `f` stays there
    unsafe {
        for _ in 0..2 {
            lua_pushvalue(lua, 1);
            lua_pushvalue(lua, 2);
            lua_callk(lua, 1, 1, 0, None);
            lua_copy(lua, -1, 2);
            lua_settop(lua, 2);
        }
        1
    }
}

const SCRIPTS: [(&str, &str); 10] = [
    ("values", include_str!("scripts/values.lua")),
    ("closures", include_str!("scripts/closures.lua")),
    ("objects", include_str!("scripts/objects.lua")),
    ("errors", include_str!("scripts/errors.lua")),
    ("overflow", include_str!("scripts/overflow.lua")),
    ("coroutines", include_str!("scripts/coroutines.lua")),
    ("rust", include_str!("scripts/rust.lua")),
    ("garbage", include_str!("scripts/garbage.lua")),
    ("module", include_str!("scripts/module.lua")),
    ("uncaught", include_str!("scripts/uncaught.lua")),
];

/// The text of the value on top, which is removed.
fn pop(lua: State) -> String {
    let mut size = 0;
    // SAFETY: the text stays until it is removed
    unsafe {
        let text = luaL_tolstring(lua, -1, &mut size);
        let bytes = std::slice::from_raw_parts(text.cast::<u8>(), size);
        let text = String::from_utf8_lossy(bytes).into_owned();
        lua_settop(lua, -3);
        text
    }
}

fn run(lua: State, name: &str, script: &str) {
    print(format!("-- {name}"));
    // So that messages call it by this name.
    let name = CString::new(format!("={name}")).unwrap_or_default();
    // SAFETY: the script is as long as is said, and the stack has room for one function
    let status = unsafe {
        let (text, mode) = (script.as_ptr().cast(), c"t".as_ptr());
        match luaL_loadbufferx(lua, text, script.len(), name.as_ptr(), mode) {
            0 => lua_pcallk(lua, 0, ALL_RESULTS, 0, 0, None),
            status => status,
        }
    };
    if status != 0 {
        print(format!("error {status}: {}", pop(lua)));
    }
}

#[unsafe(no_mangle)]
extern "C" fn test() -> c_int {
    const FUNCTIONS: [(&CStr, Function); 2] = [(c"divide", divide), (c"twice", twice)];
    // SAFETY: the interpreter is used until it is closed
    unsafe {
        let lua = luaL_newstate();
        if lua.is_null() {
            return 1;
        }
        luaL_openlibs(lua);
        for (name, function) in FUNCTIONS {
            lua_pushcclosure(lua, function, 0);
            lua_setglobal(lua, name.as_ptr());
        }
        #[cfg(not(target_family = "wasm"))]
        preload(lua);
        for (name, script) in SCRIPTS {
            run(lua, name, script);
        }
        print(format!("{} left on the stack", lua_gettop(lua)));
        lua_close(lua);
    }
    42
}

#[cfg(not(target_family = "wasm"))]
fn main() {
    print(test().to_string());
}
