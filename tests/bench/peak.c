// Runs a command and prints the most memory that it had at one time, in bytes. A program of its own, since a process
// inherits the peak of the one that starts it: this one is smaller than what it measures.

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv) {
    if (argc < 2) return 2;
    pid_t child = fork();
    if (child == 0) {
        if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr)) _exit(126);
        execv(argv[1], argv + 1);
        _exit(127);
    }
    int status;
    struct rusage usage;
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0) return 1;
    getrusage(RUSAGE_CHILDREN, &usage);
#ifdef __APPLE__
    long unit = 1;
#else
    long unit = 1024;
#endif
    printf("%ld\n", usage.ru_maxrss * unit);
    return 0;
}
