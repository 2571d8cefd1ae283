/* An entry of the runner library, written by hand, whose function executes an
 * instruction that no machine has: what happens to a program on a machine that
 * it was not compiled for. With HANDLER, the program has a handler of its own,
 * as an emulator of instructions would. */
#define _POSIX_C_SOURCE 200809L
#include "lowbit/Runner/entry.h"

#include <signal.h>
#include <stddef.h>
#include <unistd.h>

static void call(void *const *slots) {
  (void)slots;
  __builtin_trap();
}

#ifdef HANDLER
static void handle(int signal_number) {
  (void)signal_number;
  static const char text[] = "emulated\n";
  _exit(write(STDOUT_FILENO, text, sizeof(text) - 1) < 0);
}
#endif

int main(int argc, char **argv) {
#ifdef HANDLER
  struct sigaction action = {.sa_handler = handle};
  sigaction(SIGILL, &action, NULL);
#endif
  const lowbit_entry entry = {.name = "trap", .cpu = "abacus", .call = call};
  return lowbit_main(&entry, argc, argv);
}
