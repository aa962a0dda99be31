// Runs a command and prints what it used: the most memory that it had at one time, in bytes, its
// processor time, in nanoseconds, and its page faults that needed no input. A program of its own,
// since a process inherits the peak of the one that starts it: this one is smaller than what it
// measures. `posix_spawn` copies no memory, so the faults are those of the command.

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>

extern char **environ;

static double nanoseconds(struct timeval time) { return 1e9 * time.tv_sec + 1e3 * time.tv_usec; }

int main(int argc, char **argv) {
    if (argc < 2) return 2;
    posix_spawn_file_actions_t silence;
    if (posix_spawn_file_actions_init(&silence) != 0 ||
        posix_spawn_file_actions_addopen(&silence, 1, "/dev/null", O_WRONLY, 0) != 0 ||
        posix_spawn_file_actions_addopen(&silence, 2, "/dev/null", O_WRONLY, 0) != 0)
        return 1;
    pid_t child;
    if (posix_spawn(&child, argv[1], &silence, NULL, argv + 1, environ) != 0) return 1;
    int status;
    struct rusage usage;
    if (waitpid(child, &status, 0) != child || status != 0) return 1;
    if (getrusage(RUSAGE_CHILDREN, &usage) != 0) return 1;
#ifdef __APPLE__
    long unit = 1;
#else
    long unit = 1024;
#endif
    printf("%ld %.0f %ld\n", usage.ru_maxrss * unit,
           nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime), usage.ru_minflt);
    return 0;
}
