// Memory and threads that run out when a test says so. On Linux alone, where the linker puts faults.cc between the code
// under test and the C library (`--wrap`, see CMakeLists.txt); elsewhere nothing ever fails. For the addon's calls of
// Node-API: napi_faults.h.
#pragma once

namespace faults {

// The `at`-th allocation or thread from now on fails, and no other; 0 for none.
void fail_at(long at);
// Whether it has.
bool failed();
// Asked by whatever may fail: whether it does now.
bool is_due();
// Bytes more, or fewer, that the addon's collectors know of: FORWARDPASS_TOLD in the environment is their sum.
void tell_collector(long long bytes);

}  // namespace faults
