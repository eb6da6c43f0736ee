// What the program can be asked to do, and the lists of models that it does it with.
#pragma once

#include <vector>

#include "model.hpp"

namespace bufferpool::model {

/// Litmus tests and seeded bugs, each printed. True: all came out as they must.
[[nodiscard]] bool run_litmus();
[[nodiscard]] bool run_museum();

using Models = std::vector<Model>;
void add_bitmap_models(Models& models);
void add_buffer_models(Models& models);
void add_chunk_models(Models& models);
void add_magazine_models(Models& models);
void add_misuse_models(Models& models);
void add_run_models(Models& models);
void add_slab_models(Models& models);

}  // namespace bufferpool::model
