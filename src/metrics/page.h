// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <string>

namespace tidegate::metrics {

/// docs/metrics.md, whole: the table of names.cpp as a page for operators. `ninja tidegate_metrics_doc` writes it.
[[nodiscard]] std::string metrics_page();

}  // namespace tidegate::metrics
