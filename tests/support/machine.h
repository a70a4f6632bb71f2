/*
 * A machine whose files say what a test likes: a test that is linked with machine.c and with the
 * linker's --wrap=fopen opens these and no others.
 */
#ifndef PARPRIME_TESTS_MACHINE_H
#define PARPRIME_TESTS_MACHINE_H

#define TREE "/sys/fs/cgroup"

struct file {
    const char *path, *text;
};

/* NULL: the machine's own. The last has no path. */
extern const struct file *machine;

#endif
