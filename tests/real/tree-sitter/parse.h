// Parses a text by one grammar. The header of tree-sitter comes with its package.

#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tree_sitter/api.h>

// Returns the syntax tree of a text as an s-expression, which the caller frees.
static char *parse(const TSLanguage *language, const char *text) {
    TSParser *parser = ts_parser_new();
    if (!ts_parser_set_language(parser, language)) {
        unsigned version = ts_language_abi_version(language);
        fprintf(stderr, "its ABI %u is not supported\n", version);
        exit(1);
    }
    TSTree *tree = ts_parser_parse_string(parser, NULL, text, (uint32_t)strlen(text));
    char *expression = ts_node_string(ts_tree_root_node(tree));
    ts_tree_delete(tree);
    ts_parser_delete(parser);
    return expression;
}
