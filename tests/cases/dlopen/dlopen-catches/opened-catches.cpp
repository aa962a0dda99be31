// Flags: -fexceptions
#include <emscripten/em_macros.h>

static __attribute__((noinline)) void raise(int which) {
    switch (which) {
    case 0:
        return;
    case 1:
        throw 3;
    case 2:
        throw 3.5f;
    case 3:
        throw 3.5;
    case 4:
        throw static_cast<short>(3);
    default:
        throw "text";
    }
}

extern "C" EMSCRIPTEN_KEEPALIVE int throws_and_catches(int which) {
    try {
        raise(which);
    } catch (int) {
        return 1;
    } catch (float) {
        return 2;
    } catch (double) {
        return 3;
    } catch (short) {
        return 4;
    } catch (const char *) {
        return 5;
    }
    return 0;
}
