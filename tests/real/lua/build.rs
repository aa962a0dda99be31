//! Builds Lua for the native program.

fn main() {
    lua_src::Build::new().build(lua_src::Lua54).print_cargo_metadata();
}
