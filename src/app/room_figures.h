// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "metrics/snapshot.h"
#include "quota/book/room_book.h"

#include <cstddef>
#include <span>

namespace tidegate::app {

/// Tells a scrape what waits and what is in flight, per provider and group of models: rooms of classes and of clients'
/// own credentials are summed. Clients invent groups, so at most `kMostModelGroups` of them have figures of their own;
/// the rest share `other`.
void add_room_figures(metrics::SampleSink& sink, std::span<const quota::RoomBook::NamedRoom> rooms);

inline constexpr std::size_t kMostModelGroups = 300;

}  // namespace tidegate::app
