// The parts that run in processes of their own, so that the memory and the allocations of one are
// not those of another. Each talks to the process that started it through Control and returns its
// exit status.
#pragma once

#include "options.hpp"

namespace proxy {

/// Says `listening PORT`; obeys `begin` and `end` of the steady state, `figures`, `stop`.
int run_proxy(const Options& options);

/// A small server in memory: PING, ECHO, SET, GET, DEL. Says `listening PORT`.
int run_server(const Options& options);

/// Says `steady`, `progress MILLISECONDS REPLIES`, `draining`, then its figures.
int run_load(const Options& options);

/// Connects, sends one PING each, says `idle` and keeps the connections until told to stop.
int run_idle(const Options& options);

}  // namespace proxy
