/*
 * The clock of the machine, set by a test: what is loaded before all else tells every program the time and as many seconds more or less as the file
 * that MILLRACE_FAULTS_CLOCK names holds as text. The clock that only measures (CLOCK_MONOTONIC) is left alone, as the system leaves it. A library for this
 * (libfaketime) is on no registry of packages in a form that stands several threads.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const char *told;

__attribute__((constructor)) static void open_clock(void) {
  const char *file = getenv("MILLRACE_FAULTS_CLOCK");
  int descriptor = file ? open(file, O_RDONLY | O_CLOEXEC) : -1;
  if (descriptor < 0) return;
  void *page = mmap(NULL, 32, PROT_READ, MAP_SHARED, descriptor, 0);
  if (page != MAP_FAILED) told = page;
  close(descriptor);
}

static time_t shift(void) { return told ? strtol(told, NULL, 10) : 0; }

int clock_gettime(clockid_t clock, struct timespec *now) {
  static int (*real)(clockid_t, struct timespec *);
  if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
  int result = real(clock, now);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += shift();
  return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  static int (*real)(struct timeval *, void *);
  if (!real) real = dlsym(RTLD_NEXT, "gettimeofday");
  int result = real(now, zone);
  if (result == 0) now->tv_sec += shift();
  return result;
}

time_t time(time_t *result) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (result) *result = now.tv_sec;
  return now.tv_sec;
}
