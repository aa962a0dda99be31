// Target: wasm32-wasi
// The program `python`. CPython itself is a library.

int Py_BytesMain(int argc, char **argv);

int main(int argc, char **argv) {
    return Py_BytesMain(argc, argv);
}
