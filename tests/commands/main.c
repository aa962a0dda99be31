// A library whose `main` makes it a command.
#include <stdio.h>

int main(int argc, char **argv) {
    printf("%d arguments, the last is %s", argc, argv[argc - 1]);
    return argv[argc] ? 1 : argc;
}
