// A module of Lua in C. The native program has it in it; as WebAssembly, `require` opens it while the program runs.
#include <lauxlib.h>
#include <lua.h>

static int opened;

static int greet(lua_State *lua) {
    const char *name = luaL_checkstring(lua, 1);
    if (!*name) {
        return luaL_error(lua, "nobody to greet");
    }
    lua_pushfstring(lua, "hello, %s", name);
    return 1;
}

// Calls a function of the script, as often as is said; its errors pass.
static int repeat(lua_State *lua) {
    lua_Integer count = luaL_checkinteger(lua, 1);
    for (lua_Integer i = 1; i <= count; i++) {
        lua_pushvalue(lua, 2);
        lua_pushinteger(lua, i);
        lua_call(lua, 1, 0);
    }
    return 0;
}

static const luaL_Reg functions[] = {{"greet", greet}, {"times", repeat}, {NULL, NULL}};

__attribute__((visibility("default"))) int luaopen_greet(lua_State *lua) {
    luaL_newlib(lua, functions);
    lua_pushinteger(lua, ++opened);
    lua_setfield(lua, -2, "opened");
    return 1;
}
