#include "bufferpool/annotate.hpp"

namespace bufferpool::annotate {

void the_library_must_be_built(Hardness, Watcher) noexcept {}

}  // namespace bufferpool::annotate
