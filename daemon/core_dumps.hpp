#pragma once

namespace hedgewatch {

/// Keeps this process's memory, which holds secrets, from core dumps and from debuggers of other processes of the same user.
/// False when the system refuses.
bool forbid_core_dumps();

}  // namespace hedgewatch
