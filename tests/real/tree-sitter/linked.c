// Parses its argument with a grammar that is linked ahead.
#include "parse.h"

const TSLanguage *tree_sitter_json(void);

int main(int argc, char **argv) {
    if (argc != 2) {
        return 2;
    }
    char *expression = parse(tree_sitter_json(), argv[1]);
    puts(expression);
    free(expression);
    return 0;
}
