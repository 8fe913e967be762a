// Memory and threads that run out when a test says so. On Linux alone, where the linker puts faults.cc between the code
// under test and the C library (`--wrap`, see CMakeLists.txt); elsewhere nothing ever fails.
#pragma once

namespace faults {

// The `at`-th allocation or thread from now on fails, and no other; 0 for none.
void fail_at(long at);
// Whether it has.
bool failed();

}  // namespace faults
