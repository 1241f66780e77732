// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "config/type.h"
#include "config/yaml.h"
#include "pricing/price_options.h"

#include <string_view>
#include <vector>

namespace tidegate::config {

/// `data/prices.yaml` as it was when the program was built.
[[nodiscard]] std::string_view shipped_price_text();
/// Its rows. Problems in it would be ours: a test holds that there are none.
[[nodiscard]] const pricing::PriceOptions& shipped_prices();

/// Reads a price list: `rows:` with the fields of `pricing::PriceRow` and `aliases` (each gives a row of its own),
/// `unknown_model:`, `web_search_per_thousand:`. What the list does not say stays as in `PriceOptions{}`.
[[nodiscard]] pricing::PriceOptions parse_prices(const SourceText& source, std::vector<Problem>& problems);

/// The setting `prices:`: a list of its own instead of the shipped one, and rows that replace or add.
/// A row replaces all rows of the list with the same model, provider and speed, whatever their times and sizes.
[[nodiscard]] Type<pricing::PriceOptions> price_settings();

/// Adds a problem for each two rows that would both price the same request.
void check_overlaps(const std::vector<pricing::PriceRow>& rows, const std::function<void(const std::string&)>& report);

}  // namespace tidegate::config
