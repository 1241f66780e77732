// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "sim/traffic/team.h"

namespace tidegate::sim {

Team::Turn Team::next(Random& random) {
  constexpr int kBurst = 20;
  const double choice = random.uniform();
  if (evaluations_left_ > 0 && choice < 0.5) {
    --evaluations_left_;
    return {CallKind::Evaluation};
  }
  if (choice < 0.42) return {CallKind::CodeTurn, static_cast<std::size_t>(random.next() % kPeople.size())};
  if (choice < 0.68) return {CallKind::SupportAnswer};
  if (choice < 0.86) return {random.uniform() < 0.25 ? CallKind::CiCount : CallKind::CiStep};
  if (choice < 0.993) return {CallKind::Chat};
  evaluations_left_ = kBurst - 1;
  return {CallKind::Evaluation};
}

}  // namespace tidegate::sim
