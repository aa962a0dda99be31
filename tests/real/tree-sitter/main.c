// Opens grammars, parses a text with each, and closes them. Then it does the same the other way
// round. Arguments: GRAMMAR TEXT...
#include <dlfcn.h>
#include <stdbool.h>

#include "parse.h"

typedef struct {
    const char *path;
    const char *text;
    void *library;
    const TSLanguage *language;
    char *expression;
} Grammar;

static void fail(const Grammar *grammar, const char *reason) {
    fprintf(stderr, "%s: %s\n", grammar->path, reason);
    exit(1);
}

// Writes the name of a grammar's function: `tree_sitter_go` of `tree-sitter-go.wasm`.
static void name_function(const char *path, char *name, size_t size) {
    const char *slash = strrchr(path, '/');
    snprintf(name, size, "%s", slash ? slash + 1 : path);
    name[strcspn(name, ".")] = '\0';
    for (char *letter = name; *letter; letter++) {
        *letter = *letter == '-' ? '_' : *letter;
    }
}

static void open_grammar(Grammar *grammar) {
    grammar->library = dlopen(grammar->path, RTLD_NOW | RTLD_LOCAL);
    if (!grammar->library) {
        fail(grammar, dlerror());
    }
    char name[64];
    name_function(grammar->path, name, sizeof name);
    const TSLanguage *(*function)(void);
    function = (const TSLanguage *(*)(void))dlsym(grammar->library, name);
    if (!function) {
        fail(grammar, dlerror());
    }
    grammar->language = function();
}

static void close_grammar(Grammar *grammar) {
    if (dlclose(grammar->library)) {
        fail(grammar, dlerror());
    }
    if (dlopen(grammar->path, RTLD_NOW | RTLD_NOLOAD)) {
        fail(grammar, "it is closed, but still there");
    }
}

static void print(const Grammar *grammar) {
    const TSLanguage *language = grammar->language;
    printf("%s: ABI %u\n", grammar->path, (unsigned)ts_language_abi_version(language));
    printf("  %s\n", grammar->expression);
}

static void parse_again(Grammar *grammar) {
    char *expression = parse(grammar->language, grammar->text);
    if (strcmp(expression, grammar->expression)) {
        fail(grammar, expression);
    }
    free(expression);
}

int main(int argc, char **argv) {
    size_t count = (size_t)(argc - 1) / 2;
    Grammar *grammars = calloc(count, sizeof *grammars);
    for (size_t i = 0; i < count; i++) {
        grammars[i].path = argv[1 + 2 * i];
        grammars[i].text = argv[2 + 2 * i];
        open_grammar(&grammars[i]);
    }
    for (size_t i = 0; i < count; i++) {
        grammars[i].expression = parse(grammars[i].language, grammars[i].text);
        print(&grammars[i]);
    }
    for (size_t i = 0; i < count; i++) {
        close_grammar(&grammars[i]);
    }
    for (size_t i = count; i-- > 0;) {
        open_grammar(&grammars[i]);
        parse_again(&grammars[i]);
    }
    for (size_t i = 0; i < count; i++) {
        close_grammar(&grammars[i]);
    }
    printf("%zu grammars parse the same after they were closed\n", count);
    return 0;
}
