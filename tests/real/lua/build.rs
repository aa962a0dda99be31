//! Builds Lua, and its module, for the native program.

fn main() {
    let lua = lua_src::Build::new().build(lua_src::Lua54);
    cc::Build::new().file("greet.c").include(lua.include_dir()).compile("greet");
    lua.print_cargo_metadata();
}
