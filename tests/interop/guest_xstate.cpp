// Preloaded into User-Mode Linux. Its kernel 6.1 keeps up to AVX-512's share of a process's floating-point state and
// hands that back; a processor with AMX has more of it, and the host refuses a set of registers that is not whole
// ("ptrace set fp regs failed"). So: what is written back short is completed by what the process has. Nobody in the
// guest uses AMX.
#include <dlfcn.h>
#include <elf.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <cstdarg>
#include <cstring>

namespace {
using Ptrace = long (*)(int, pid_t, void*, void*);

long write_whole(Ptrace real, pid_t pid, void* set, const iovec& part) {
  static std::array<char, 65536> whole;
  iovec all{whole.data(), whole.size()};
  if (part.iov_len > whole.size() || real(PTRACE_GETREGSET, pid, set, &all) != 0) return -1;
  if (all.iov_len < part.iov_len) all.iov_len = part.iov_len;
  std::memcpy(whole.data(), part.iov_base, part.iov_len);
  return real(PTRACE_SETREGSET, pid, set, &all);
}
}  // namespace

extern "C" long ptrace(enum __ptrace_request request, ...) noexcept {
  static const auto real = reinterpret_cast<Ptrace>(dlsym(RTLD_NEXT, "ptrace"));
  va_list arguments;
  va_start(arguments, request);
  const auto pid = va_arg(arguments, pid_t);
  auto* const address = va_arg(arguments, void*);
  auto* const data = va_arg(arguments, void*);
  va_end(arguments);
  const long result = real(request, pid, address, data);
  const bool short_state = result != 0 && request == PTRACE_SETREGSET && (errno == EFAULT || errno == EINVAL) &&
                           address == reinterpret_cast<void*>(NT_X86_XSTATE);
  return short_state ? write_whole(real, pid, address, *static_cast<const iovec*>(data)) : result;
}
