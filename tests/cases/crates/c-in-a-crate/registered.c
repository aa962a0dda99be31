// Nothing refers to this file: only its constructor runs.

extern int rust_count;

__attribute__((constructor)) static void registers(void) { rust_count = 100; }
